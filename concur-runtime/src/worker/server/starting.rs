//! How the fork server starts what it was asked for: by a fork, or, where forking is not safe, by
//! executing the binary once more; at once, or when a slot is free at the worker's level.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::process::Pid;

use super::super::members::{Sockets, Start, Worker};
use super::super::{serve, supervisor};
use super::{Own, Server};
use crate::channel::close_on_exec_pair;
use crate::config;
use crate::sys::child_signal;
use crate::sys::fork::{self, Forked};
use crate::wire::{Command, Notice};

impl Server {
    /// At the first level the caller's pool keeps the limit; below it, the server does, so that blocks
    /// inside tasks cannot multiply: each level has as many slots, and a task waits for those below it
    /// only, so somebody can always go on.
    pub(super) fn start_or_queue(&mut self, start: Start) {
        if self.has_room_at(start.level) {
            self.start(start);
        } else {
            start.sockets.tell(&Notice::Queued);
            self.queued.push_back(start);
        }
    }

    fn has_room_at(&self, level: u32) -> bool {
        if level == 0 {
            return true;
        }
        let running = self.workers.iter().filter(|worker| worker.level == level).count();
        let set = self.clients[0].hello.as_ref().and_then(|hello| hello.workers);
        let most = set.map_or_else(config::default_workers, |count| count as usize);
        running < most.max(1)
    }

    fn start(&mut self, start: Start) {
        let forked = if self.threaded {
            self.execute_worker(&start)
        } else {
            let server = rustix::process::getpid();
            match fork::fork() {
                Ok(Forked::Child) => self.become_worker(server, start),
                Ok(Forked::Parent(pid)) => Ok(pid),
                Err(err) => Err(err),
            }
        };
        match forked {
            Ok(pid) => {
                let Start { client, level, worker, slot, board, sockets, .. } = start;
                let id = worker;
                self.workers.push(Worker { pid, client, level, id, slot, board, sockets });
            }
            Err(err) => {
                let reason = format!("no worker can be forked: {err}");
                start.sockets.tell(&Notice::NotStarted(reason));
            }
        }
    }

    pub(super) fn start_supervisor(&mut self, caller: OwnedFd, log: Option<OwnedFd>) {
        let started = if self.threaded {
            let descriptors = [Some(caller.as_fd()), log.as_ref().map(AsFd::as_fd)];
            let descriptors: Vec<_> = descriptors.into_iter().flatten().collect();
            execute(&Command::Supervise { file: config::inherited() }, &descriptors)
        } else {
            match fork::fork() {
                Ok(Forked::Child) => {
                    self.forget_all();
                    drop(self.own.take());
                    supervisor::live(caller, log)
                }
                Ok(Forked::Parent(pid)) => Ok(pid),
                Err(err) => Err(err),
            }
        };
        self.supervisors.extend(started.ok());
    }

    /// In a fork: closes what is the server's.
    fn forget_all(&mut self) {
        self.clients.clear();
        self.workers.clear();
        self.queued.clear();
        self.dead.clear();
        child_signal::unblock();
    }

    /// In the fork: closes what is the server's, keeps what was open before it (a constructor may
    /// have opened something that tasks use), and lives as a worker.
    fn become_worker(&mut self, server: Pid, start: Start) -> ! {
        self.forget_all();
        let Some(Own { knocker, .. }) = self.own.take() else { fork::exit_now(71) };
        serve::forked(server, start, knocker)
    }

    pub(super) fn start_queued(&mut self) {
        for start in std::mem::take(&mut self.queued) {
            if self.has_room_at(start.level) {
                start.sockets.tell(&Notice::Unqueued);
                self.start(start);
            } else {
                self.queued.push_back(start);
            }
        }
    }

    /// Executes the binary once more, as a worker.
    fn execute_worker(&self, start: &Start) -> io::Result<Pid> {
        let Sockets { own, lanes } = &start.sockets;
        let fixed = [own.as_fd(), start.board.as_fd(), self.own().knocker.as_fd()];
        let descriptors: Vec<_> = fixed.into_iter().chain(lanes.iter().map(AsFd::as_fd)).collect();
        let (slot, level, lanes) = (start.slot, start.level + 1, start.lanes.clone());
        let serve = Command::Serve { slot, level, lanes, file: config::inherited() };
        execute(&serve, &descriptors)
    }
}

/// Executes the binary once more; it comes in by the door and does what the first message says. It is
/// buried with all the others, by its pid.
fn execute(first: &Command, descriptors: &[BorrowedFd<'_>]) -> io::Result<Pid> {
    let (ours, theirs) = close_on_exec_pair()?;
    let first = first.to_first_bytes().map_err(io::Error::other)?;
    crate::channel::send_with(&ours, &first, descriptors)?;
    crate::execute::again(&theirs)
}
