//! Runs an entry point: the same for every driver, so that every driver gives the same outcome.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Call, Entry, Verdict, panic};
use crate::outcome::Ending;
use crate::payload::{Payload, Reader};

/// Runs a task on this thread. Its result is in `output` when the ending is `Done`.
pub(crate) fn execute(entry: Entry, input: Reader<'_>, output: &mut Payload) -> Ending {
    output.clear();
    let in_task = panic::begin();
    let mut call = Call { input, output, verdict: Verdict::Silent };
    let ran = catch_unwind(AssertUnwindSafe(|| entry(&mut call)));
    let verdict = call.verdict;
    let ending = match ran {
        Err(payload) => {
            let info = panic::take_record(&*payload);
            panic::discard(payload);
            #[cfg(target_os = "linux")]
            crate::sys::signals::forget_panic();
            Ending::Panicked(info)
        }
        Ok(()) => match verdict {
            Verdict::Done => Ending::Done,
            Verdict::Failed(report) => Ending::Failed(report),
            Verdict::Undecodable(err) => Ending::Undecodable(err.to_string()),
            Verdict::Unencodable(err) => Ending::Unencodable(err.to_string()),
            Verdict::Silent => Ending::Undecodable("it is not in the registry of tasks".to_owned()),
        },
    };
    drop(in_task);
    ending
}
