//! Driver Process: warm workers, forked from a fork server that executes this binary again.
//!
//! [`server`] is the caller's side of the fork server, [`pool`] owns the workers, and an [`attempt`]
//! is one task on its way through them, a [`lease`] what it gets. Workers that async tasks share are
//! [`crews`]. What was dropped while its task has time to end is a [`dropped`]
//! one.

mod attempt;
mod crews;
mod dropped;
mod hooks;
mod identity;
mod lease;
mod pool;
mod server;
mod supervisor;

use std::task::Waker;

use crate::engine::Job;
use crate::outcome::End;
use crate::run::{Launch, Launcher};
use attempt::ProcessAttempt;
pub(crate) use identity::Identity;
pub(crate) use supervisor::AskedSupervisor;

pub(super) struct ProcessLauncher;

impl Launcher for ProcessLauncher {
    fn launch(&self, job: Job, overfill: bool, waker: &mut dyn FnMut() -> Waker) -> Launch {
        ProcessAttempt::begin(job, overfill, waker)
    }
}

/// Ends the workers and the fork server of this process, and waits for that.
pub(crate) fn end_workers() {
    pool::pool().close();
    server::await_dismissed();
}

/// Why no worker can be had in this process, if so.
fn refusal() -> Option<End> {
    if crate::sys::door::is_set_user_id() {
        return Some(End::Unsupported(
            "this program runs with more rights than its caller (set-user-id, file capabilities), so \
             its environment is not obeyed and no worker can be told from the program: choose driver \
             `fork`, `thread` or `sync`"
                .to_owned(),
        ));
    }
    if !crate::sys::door::is_main_executable() {
        return Some(End::Unsupported(
            "concur is part of a shared library here, and the program that loaded it cannot be \
             executed again as a worker: choose driver `thread` or `sync`"
                .to_owned(),
        ));
    }
    if !crate::worker::door::is_there() {
        return Some(End::Unsupported(
            "with this C library a worker is entered through `main`: put `#[concur::main]` on it, \
             or call `concur::init()` first in it"
                .to_owned(),
        ));
    }
    if crate::worker::hooks::is_running() {
        return Some(End::Unsupported(crate::worker::hooks::REFUSAL.to_owned()));
    }
    crate::worker::door::is_named_in_environment().then(|| {
        End::Unsupported(
            "this process was started as a worker and did not become one, so it starts none: \
             remove the variable CONCUR_SERVER from its environment"
                .to_owned(),
        )
    })
}
