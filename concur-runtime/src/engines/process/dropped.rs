//! A task whose run was dropped: told to stop, given the time that it has asked for, and its worker
//! used again if it ends within that, killed if not.

use std::borrow::Cow;
use std::sync::Arc;

use super::attempt::{YIELD_LIMIT, tell_to_stop, unyielding};
use super::lease::Lease;
use super::pool::pool;
use crate::channel::Heard;
use crate::context::Moment;
use crate::leftover::{self, Leftover};
use crate::payload::Payload;
use crate::run::Wait;
use crate::wire::Notice;

/// A dropped task, which keeps its worker's place in the pool.
pub(super) struct Dropped {
    lease: Option<Lease>,
    /// What the worker may still read.
    arguments: Option<(Arc<Payload>, Arc<Payload>)>,
    kill_at: Moment,
    /// When its worker must have taken it, if that is known.
    taken_by: Option<Moment>,
    name: Cow<'static, str>,
}

impl Dropped {
    /// Sees to the end of a task, which was told to stop if `kill_at` is set. Never waits for it.
    pub(super) fn see_to(
        lease: Lease,
        arguments: (Arc<Payload>, Arc<Payload>),
        (kill_at, taken_by): (Option<Moment>, Option<Moment>),
        name: Cow<'static, str>,
    ) {
        if !lease.is_ours() {
            return lease.abandon(Some(arguments));
        }
        let kill_at = kill_at.unwrap_or_else(|| Moment::now().after(tell_to_stop(&lease)));
        let (lease, arguments) = (Some(lease), Some(arguments));
        let dropped = Self { lease, arguments, kill_at, taken_by, name };
        leftover::see_to(dropped);
    }

    /// Whether the worker has ended.
    fn is_dead(lease: &mut Lease) -> bool {
        loop {
            match lease.worker_mut().end.hear() {
                Ok(Heard::Nothing) => return false,
                Ok(Heard::Notice(Notice::Died { .. } | Notice::NotStarted(_))) => return true,
                Ok(Heard::Notice(_)) => {}
                Ok(Heard::Closed) | Err(_) => {
                    pool().forget_server(&lease.worker().server);
                    return true;
                }
            }
        }
    }

    /// The task has answered: the worker is free, and nobody wants to know what it said.
    fn free(&mut self) {
        let Some(mut lease) = self.lease.take() else { return };
        match lease.worker_mut().end.read_answer() {
            Ok((head, _)) => {
                if head.is_spent {
                    lease.make_last();
                }
            }
            // Where it has other tasks, they may be well.
            Err(_) if lease.crew().is_some() => lease.make_last(),
            Err(_) => lease.abandon(None),
        }
    }
}

impl Leftover for Dropped {
    fn look(&mut self) -> Option<Wait> {
        let lease = self.lease.as_mut()?;
        if Self::is_dead(lease) {
            self.lease.take()?.bury();
            return None;
        }
        if lease.worker().end.fall_asleep() {
            self.free();
            return None;
        }
        let now = Moment::now();
        if self.kill_at <= now {
            // One that is shared and not up yet drops the task when it is: no reason to kill others.
            let is_coming = lease.crew().is_some()
                && lease.worker().end.taken_at().is_none()
                && self.taken_by.is_none_or(|limit| now < limit);
            if !is_coming {
                // Dropping it has the worker killed.
                return None;
            }
            self.kill_at = now.after(YIELD_LIMIT);
        }
        let mut wait = Wait::default();
        wait.socket(lease.worker().end.socket());
        wait.until(self.kill_at);
        Some(wait)
    }
}

impl Drop for Dropped {
    fn drop(&mut self) {
        if let Some(lease) = self.lease.take() {
            lease.doom(|| unyielding(&self.name));
            lease.abandon(self.arguments.take());
        }
    }
}
