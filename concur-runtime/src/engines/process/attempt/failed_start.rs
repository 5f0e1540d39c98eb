//! Workers that do not come up: given up, with the reason told.

use super::super::hooks;
use super::super::lease::Lease;
use super::super::pool::pool;
use super::{ProcessAttempt, State};
use crate::duration::Spelled;
use crate::hooks::Stage;
use crate::hooks::failure::{HookEnd, HookFailure};
use crate::outcome::{End, Outcome};

/// So many new workers in a row may die before they take a task.
pub(super) const FAILED_STARTS: u32 = 3;

impl ProcessAttempt {
    /// Gives up a worker that does not take its task. Only that worker: others of its server may be
    /// well.
    pub(super) fn never_taken(&mut self) -> Option<Outcome> {
        let State::Working(lease) = std::mem::replace(&mut self.state, State::Over) else {
            return None;
        };
        let limit = self.job.settings.start_limit;
        if let Some(failure) = hooks::hung_in(lease.worker(), limit) {
            return Some(self.failed_by_hook(lease, failure));
        }
        let limit = Spelled(limit);
        let reason = if let Some(pid) = lease.worker().end.pid() {
            format!("its worker (process {pid}) did not take it in {limit}: was it stopped?")
        } else {
            // New runs get another server; this one ends with the last of its workers.
            pool().forget_server(&lease.worker().server);
            format!(
                "no worker was ready after {limit}: does a constructor or another part of the \
                 program that runs before `main` hang?"
            )
        };
        lease.doom(|| format!("it was killed because it did not take another task in {limit}"));
        lease.abandon(None);
        Some(Outcome::not_run(End::NotStarted(reason)))
    }

    /// A hook is the reason why the worker did not come up: there is no other worker to be tried.
    pub(super) fn hook_failed(&mut self, failure: HookFailure) -> Option<Outcome> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Working(lease) => Some(self.failed_by_hook(lease, failure)),
            _ => None,
        }
    }

    pub(super) fn failed_by_hook(&mut self, lease: Lease, failure: HookFailure) -> Outcome {
        self.state = State::Over;
        let pid = lease.worker().end.pid();
        pool().remember(&failure);
        if failure.site.stage == Stage::Preload {
            // Those that come later are served by another one, which tries again.
            pool().forget_server(&lease.worker().server);
            if let HookEnd::Hung(limit) = failure.end {
                lease.worker().server.destroy_in_hook(limit);
            }
        }
        lease.abandon(None);
        Outcome { pid, ..Outcome::not_run(End::Hook(Box::new(failure))) }
    }
}
