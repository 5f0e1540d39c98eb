//! Finds the hook that is the reason why a worker did not come up, and remembers it for a while.
//!
//! A worker says in its slot which hook runs, the fork server says it on its control socket; both
//! have the same registry. A hook that failed once would fail, or hang, for each task anew: so those
//! that would need another worker soon get the same error at once.

use std::time::Duration;

use super::lease::Worker;
use super::server::Server;
use crate::channel::Heard;
use crate::config::Settings;
use crate::context::Moment;
use crate::hooks::Stage;
use crate::hooks::failure::{HookEnd, HookFailure};
use crate::outcome::{Death, LastWords};
use crate::wire::Notice;

/// So long a hook of `preload` that failed is not tried again: all tasks of a run that were waiting
/// for it have its error by then.
const KEPT_FOR: Duration = Duration::from_secs(1);

/// A hook that failed, for those who come next.
#[derive(Debug)]
pub(super) struct Remembered {
    failure: HookFailure,
    until: Moment,
}

impl Remembered {
    /// Remembers a failure that would only repeat itself. One of `on_worker_start` that ended by
    /// itself may be that worker's alone. A hook that hung is not tried again for as long as it was
    /// waited for.
    pub(super) fn from(failure: &HookFailure) -> Option<Self> {
        let time = match (&failure.end, failure.site.stage) {
            (HookEnd::Hung(limit), _) => *limit,
            (_, Stage::Preload) => KEPT_FOR,
            (_, Stage::WorkerStart | Stage::DeferredFailure) => return None,
        };
        Some(Self { failure: failure.clone(), until: Moment::now().after(time) })
    }

    /// The failure, if it is to be had still. Who would wait longer than the one who saw the hook
    /// hang may try.
    pub(super) fn still(&self, settings: &Settings) -> Option<HookFailure> {
        let would_wait_longer =
            matches!(self.failure.end, HookEnd::Hung(limit) if settings.start_limit > limit);
        let holds = self.until > Moment::now() && !would_wait_longer;
        holds.then(|| self.failure.clone())
    }
}

/// A hook in which a worker died that has not taken its task.
pub(super) fn died_in(
    worker: &Worker,
    death: Death,
    words: Option<LastWords>,
) -> Option<HookFailure> {
    HookFailure::at(worker.end.hook()?, HookEnd::Died { death, words })
}

/// A hook of a worker that has not taken its task within its limit, or of its server.
pub(super) fn hung_in(worker: &Worker, limit: Duration) -> Option<HookFailure> {
    let in_worker = worker.end.pid().and_then(|_| worker.end.hook());
    let hook = in_worker.or_else(|| worker.server.hook())?;
    HookFailure::at(hook, HookEnd::Hung(limit))
}

/// A hook in which a server died.
pub(super) fn server_died_in(server: &Server) -> Option<HookFailure> {
    let hook = server.hook()?;
    HookFailure::at(hook, server.end_of_hook()?)
}

/// Why a worker that cannot be written to never came up, if a hook is the reason.
pub(super) fn said_before(worker: &mut Worker) -> Option<HookFailure> {
    let mut words = None;
    loop {
        match worker.end.hear() {
            Ok(Heard::Notice(Notice::Fault(fault))) => return HookFailure::from_fault(fault),
            Ok(Heard::Notice(Notice::LastWords(said))) => words = Some(said),
            Ok(Heard::Notice(Notice::Died { death, .. })) => return died_in(worker, death, words),
            Ok(Heard::Notice(_)) => {}
            Ok(Heard::Nothing) => return None,
            Ok(Heard::Closed) | Err(_) => return server_died_in(&worker.server),
        }
    }
}
