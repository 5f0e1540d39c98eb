//! The time that things may take: a task to end when it is told to, a worker to
//! be gone when it is killed.

use std::time::Duration;

use super::super::lease::Lease;
use super::{ProcessAttempt, State};
use crate::context::Moment;
use crate::outcome::{End, Outcome};
use crate::processes::strays::end_stray;

/// An async task that shares its worker has this time to yield when its future is to be dropped, before
/// all of them are killed: more than a busy machine needs to let a thread run.
pub(in super::super) const YIELD_LIMIT: Duration = Duration::from_millis(500);

/// The fork server kills at once; one that has not after this time is stuck.
const KILL_LIMIT: Duration = Duration::from_secs(5);

impl ProcessAttempt {
    /// Ends what has waited too long for a worker or for its end.
    pub(super) fn keep_limits(&mut self) -> Option<Outcome> {
        let State::Working(lease) = &self.state else { return None };
        let now = Moment::now();
        if self.gone_by.is_none() && self.kill_at.is_some_and(|limit| limit <= now) {
            self.kill();
            return None;
        }
        if self.gone_by.is_some_and(|limit| limit <= now) {
            if self.given_up {
                end_stray(lease.worker().end.pid());
                let reason = "the fork server does not answer".to_owned();
                return self.over(None, End::Lost(reason));
            }
            // Its end closes the sockets of all its workers, which is heard.
            lease.worker().server.destroy();
            self.given_up = true;
            self.gone_by = Some(now.after(KILL_LIMIT));
        }
        let is_late = self.start_by.is_some_and(|limit| limit <= now);
        if self.gone_by.is_none() && is_late && lease.worker().end.taken_at().is_none() {
            return self.never_taken();
        }
        None
    }

    /// Has the worker killed, with everything it started.
    pub(super) fn kill(&mut self) {
        let State::Working(lease) = &self.state else { return };
        lease.doom(|| unyielding(&self.job.name));
        let worker = lease.worker();
        worker.kill();
        self.gone_by = Some(Moment::now().after(KILL_LIMIT));
    }
}

/// Tells a task to stop, and gives the time that it has before it is killed: what it has asked for, and
/// where its worker is shared, what it takes to yield.
pub(in super::super) fn tell_to_stop(lease: &Lease) -> Duration {
    let grace = lease.worker().end.tell_to_stop();
    match lease.crew() {
        Some(crew) => {
            crew.ring();
            grace + YIELD_LIMIT
        }
        None => grace,
    }
}

/// Why a worker was killed that others shared with this task.
pub(in super::super) fn unyielding(name: &str) -> String {
    format!("it was killed because task `{name}` did not yield when it was told to stop")
}
