//! Runs an entry point: the same for every driver, so that every driver gives the same outcome.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Call, Entry, Verdict, panic};
use crate::cuts;
use crate::error::PanicInfo;
use crate::outcome::Ending;
use crate::payload::{Payload, Reader};

/// Runs a task on this thread. Its result is in `output` when the ending is `Done`.
pub(crate) fn execute(entry: Entry, input: Reader<'_>, output: &mut Payload) -> Ending {
    output.clear();
    let mut call = Call { input, output, verdict: Verdict::Silent };
    let mut ending = match catch_panic(|| entry(&mut call)) {
        Err(info) => Ending::Panicked(info),
        Ok(()) => match call.verdict {
            Verdict::Done => Ending::Done,
            Verdict::Failed(report) => Ending::Failed(report),
            Verdict::Undecodable(err) => Ending::Undecodable(err.to_string()),
            Verdict::Unencodable(err) => Ending::Unencodable(err.to_string()),
            Verdict::Silent => Ending::Undecodable("it is not in the registry of tasks".to_owned()),
        },
    };
    cuts::ending(&mut ending);
    ending
}

/// Runs code as that of a task, and tells what it panicked with.
pub(crate) fn catch_panic<R>(work: impl FnOnce() -> R) -> Result<R, PanicInfo> {
    let _in_task = panic::begin();
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        let info = panic::take_record(&*payload);
        panic::discard(payload);
        #[cfg(target_os = "linux")]
        crate::sys::signals::forget_panic();
        info
    })
}
