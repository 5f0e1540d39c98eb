//! The ends of workers, of what they leave behind, and of the server itself.

use std::os::fd::AsFd;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use rustix::process::Pid;

use super::super::members::{Worker, end_process};
use super::Server;
use crate::context::Moment;
use crate::outcome::Death;
use crate::processes::children_of;
use crate::processes::supervisors::is_supervisor;
use crate::sys::fork;
use crate::sys::memory::Slot;
use crate::wire::Notice;

/// How long a death is held back for what the worker left behind.
const CLEANUP_LIMIT: Duration = Duration::from_secs(1);

/// How long the server waits for what it has killed when it ends itself.
const LAST_LIMIT: Duration = Duration::from_millis(500);

/// How long workers may drop what they keep once the caller is gone.
const DROP_LIMIT: Duration = Duration::from_millis(300);

/// A worker that has died.
pub(super) struct Dead {
    worker: Worker,
    death: Death,
    /// When its death is told, even if something it left behind cannot be killed.
    pub(super) told_by: Moment,
}

impl Server {
    /// Buries children that have ended, and tells of a worker's death when nothing is left of it, or
    /// when what is left will not go (it may have become somebody else's).
    pub(super) fn bury(&mut self) {
        let now = Moment::now();
        while let Some((pid, status)) = fork::reap_any() {
            self.residents.retain(|resident| *resident != pid);
            self.supervisors.retain(|supervisor| *supervisor != pid);
            if let Some(at) = self.workers.iter().position(|worker| worker.pid == pid) {
                let worker = self.workers.swap_remove(at);
                let death = Death::from_status(status);
                self.dead.push(Dead { worker, death, told_by: now.after(CLEANUP_LIMIT) });
            }
        }
        if self.dead.is_empty() {
            return;
        }
        let left_behind = self.left_behind();
        let is_clean = left_behind.is_empty();
        // Their ends come as signals, and then this is asked again.
        left_behind.into_iter().for_each(end_process);
        for dead in std::mem::take(&mut self.dead) {
            if is_clean || dead.told_by <= now {
                let pid = dead.worker.pid.as_raw_nonzero().get().unsigned_abs();
                dead.worker.sockets.tell(&Notice::Died { pid, death: dead.death });
            } else {
                self.dead.push(dead);
            }
        }
        self.start_queued();
    }

    /// What dead workers had started: children that are no workers and that no hook
    /// started, and workers of workers.
    fn left_behind(&mut self) -> Vec<Pid> {
        let mut children = children_of(rustix::process::getpid());
        let is_wanted = |pid: &Pid| {
            let worker = self.workers.iter().find(|worker| worker.pid == *pid);
            worker
                .is_some_and(|worker| self.clients.iter().any(|client| client.id == worker.client))
        };
        let is_kept = |pid: &Pid| self.residents.contains(pid) || is_wanted(pid);
        children.retain(|pid| !is_kept(pid));
        self.spare_supervisors(&mut children);
        children
    }

    /// Takes out supervisors: those that were asked for here, known before they bear their mark, and
    /// those that tasks had somewhere below and that fell to this process since.
    fn spare_supervisors(&mut self, children: &mut Vec<Pid>) {
        children.retain(|pid| {
            if self.supervisors.contains(pid) {
                return false;
            }
            let is_adopted = is_supervisor(*pid);
            if is_adopted {
                self.supervisors.push(*pid);
            }
            !is_adopted
        });
    }

    /// Takes everything along.
    pub(super) fn end(&mut self) {
        self.let_droppers_end();
        let until = Moment::now().after(LAST_LIMIT);
        loop {
            while fork::reap_any().is_some() {}
            let mut left = children_of(rustix::process::getpid());
            self.spare_supervisors(&mut left);
            let known = self.workers.drain(..).map(|worker| worker.pid);
            let all: Vec<Pid> = known.chain(left).collect();
            if all.is_empty() || Moment::now() >= until {
                return;
            }
            for pid in all {
                end_process(pid);
            }
            self.await_end_of_child(until);
        }
    }

    /// Workers without a task have seen as well that the caller is gone. Those that keep something
    /// are given a moment to drop it; all others are ended.
    fn let_droppers_end(&mut self) {
        let (mut dropping, others): (Vec<Worker>, Vec<Worker>) =
            self.workers.drain(..).partition(is_dropping);
        for worker in others {
            end_process(worker.pid);
        }
        for worker in &dropping {
            // A fork of the caller may hold its end of the socket still.
            worker.sockets.hang_up();
        }
        let until = Moment::now().after(DROP_LIMIT);
        while !dropping.is_empty() && Moment::now() < until {
            self.await_end_of_child(until);
            while let Some((pid, _)) = fork::reap_any() {
                dropping.retain(|worker| worker.pid != pid);
            }
        }
    }

    fn await_end_of_child(&self, until: Moment) {
        let signals = &self.own().signals;
        let mut polled = [PollFd::from_borrowed_fd(signals.as_fd(), PollFlags::IN)];
        crate::run::poll_until(&mut polled, Some(until));
        if !polled[0].revents().is_empty() {
            let _ = rustix::io::read(signals, &mut [0; 1024]);
        }
    }
}

/// Whether a worker has nothing to do but to drop what it keeps.
fn is_dropping(worker: &Worker) -> bool {
    Slot::map(&worker.board, worker.slot).is_ok_and(|slot| {
        let header = slot.header();
        let is_idle =
            header.caller.request_turn.load(SeqCst) == header.worker.response_turn.load(SeqCst);
        is_idle && header.worker.keeps.load(SeqCst) == 1
    })
}
