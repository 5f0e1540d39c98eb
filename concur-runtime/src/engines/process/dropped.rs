//! A task whose run was dropped: told to stop, given the time that it has asked for, and its worker
//! used again if it ends within that, killed if not.

use std::sync::Arc;

use super::pool::{Lease, pool};
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
}

impl Dropped {
    /// Sees to the end of a task, which was told to stop if `kill_at` is set. Never waits for it.
    pub(super) fn see_to(
        lease: Lease,
        arguments: (Arc<Payload>, Arc<Payload>),
        kill_at: Option<Moment>,
    ) {
        if !lease.is_ours() {
            return lease.abandon(Some(arguments));
        }
        let kill_at = kill_at.unwrap_or_else(|| {
            let grace = lease.worker().end.tell_to_stop();
            Moment::now().after(grace)
        });
        let dropped = Self { lease: Some(lease), arguments: Some(arguments), kill_at };
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
                if head.leaves_dead {
                    lease.make_last();
                }
            }
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
        if self.kill_at <= Moment::now() {
            // Dropping it has the worker killed.
            return None;
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
            lease.abandon(self.arguments.take());
        }
    }
}
