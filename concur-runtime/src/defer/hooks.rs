//! What is told to the program's hooks for failures of deferred tasks, and where they run.
//!
//! In a supervisor they run as a task of their own, in a worker and with a time limit: a hook that
//! crashes or hangs must not take other deferred work along. In the program itself (drivers Thread and
//! Sync) they are called where the task has failed.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::codec;
use crate::config::{Methods, Said, TaskOptions};
use crate::driver::Driver;
use crate::error::TaskError;
use crate::hooks::{Stage, any, tell_of_failure};
use crate::payload::Payload;
use crate::task::body::entry_point;
use crate::task::failure::Failure;
use crate::task::{Call, Registered, Site, TaskSpec, Verdict};

/// How long the hooks may take in a supervisor, for one failure.
const LIMIT: Duration = Duration::from_secs(60);

/// Calls the hooks here and now; `false` if there are none.
pub(crate) fn tell_here(failure: &TaskError) -> bool {
    tell_of_failure(failure, |complaint| eprintln!("concur: {complaint}"));
    any(Stage::DeferredFailure)
}

/// The task that tells the hooks of a failure; `None` if there are none.
pub(crate) fn telling(failure: &TaskError) -> Option<(VecDeque<TaskSpec>, Methods)> {
    if !any(Stage::DeferredFailure) {
        return None;
    }
    let mut input = Payload::new();
    codec::encode_bytes(&failure.to_data().ok()?, &mut input).ok()?;
    let mut said = Said { driver: Some(Driver::Process), ..Said::default() };
    said.options.timeout = Some(LIMIT);
    let spec = TaskSpec {
        name: Cow::Borrowed(SITE.name),
        site: SITE,
        entry: entry_point::<Tell>(false),
        shared: Arc::new(Payload::new()),
        input: Ok(input),
        options: Some(Arc::new(TaskOptions { own: said, ..TaskOptions::default() })),
        #[cfg(feature = "testing")]
        fake: None,
    };
    Some((VecDeque::from([spec]), Methods::default()))
}

const SITE: Site = Site::new("on_deferred_failure", file!(), line!(), 0);

/// Stands for the task that tells the hooks.
struct Tell;

impl Registered for Tell {
    fn run(call: &mut Call<'_>) {
        let read = codec::decode_bytes(&mut call.input).and_then(TaskError::from_data);
        let failure = match read {
            Ok(failure) => failure,
            Err(err) => {
                call.verdict = Verdict::Undecodable(err);
                return;
            }
        };
        let mut complaints = Vec::new();
        tell_of_failure(&failure, |complaint| complaints.push(complaint));
        call.verdict = if complaints.is_empty() {
            Verdict::Done
        } else {
            Verdict::Failed(Failure::from(complaints.join("; ")).into_report())
        };
    }

    #[cfg(feature = "testing")]
    fn types() -> crate::testing::Types {
        crate::testing::Types::unknown()
    }
}
