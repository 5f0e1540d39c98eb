//! Workers that come back, and those that go.

use std::sync::Arc;

use super::super::crews::Back;
use super::super::lease::Worker;
use super::State;
use crate::channel::Heard;
use crate::wire::Notice;

impl State {
    /// A worker comes back, or a lane of one. Gives whether a whole worker is free now.
    pub(super) fn take_back(&mut self, mut worker: Worker, back: Back, last: bool) -> bool {
        let current = self.server.as_ref();
        let fits = current.is_some_and(|server| Arc::ptr_eq(server, &worker.server));
        let Some(crew) = worker.crew.take() else {
            self.leased -= 1;
            worker.tasks += 1;
            match back {
                // A worker that calls keeps no workers of its own: they are scarce further down.
                Back::Free if fits && !last && crate::worker::level() == 0 => {
                    self.idle.push(worker);
                }
                Back::Free | Back::GivenUp => self.let_go(worker),
                Back::Dead => drop(worker),
            }
            return true;
        };
        let mut gone = if last || !fits { self.crews.close(&crew) } else { Vec::new() };
        let (more, is_idle) = self.crews.give_back(worker, &crew, back);
        gone.extend(more);
        if is_idle && crate::worker::level() > 0 {
            gone.extend(self.crews.close_idle().into_iter().flatten());
        }
        self.let_all_go(gone);
        is_idle
    }

    /// Lets the workers of the present server go; leased ones go when they come back.
    pub(super) fn retire_server(&mut self) {
        self.server = None;
        let shared = self.crews.close_all();
        let whole = self.idle.drain(..).chain(self.spares.drain(..));
        let workers = whole.chain(shared).collect();
        self.let_all_go(workers);
    }

    /// Tells a worker to end by closing our side of the conversation.
    fn let_go(&mut self, worker: Worker) {
        let _ = rustix::net::shutdown(&**worker.end.socket(), rustix::net::Shutdown::Write);
        self.ending.push(worker);
    }

    pub(super) fn let_all_go(&mut self, workers: Vec<Worker>) {
        for worker in workers {
            self.let_go(worker);
        }
    }

    /// Workers that have had no task for too long have left by themselves.
    pub(super) fn part_with_left(&mut self) {
        let has_left = |worker: &Worker| worker.end.has_left();
        while let Some(at) = self.idle.iter().position(has_left) {
            let worker = self.idle.remove(at);
            self.let_go(worker);
        }
        while let Some(at) = self.spares.iter().position(has_left) {
            let worker = self.spares.remove(at);
            self.let_go(worker);
        }
        let shared = self.crews.part_with_left();
        self.let_all_go(shared);
    }

    /// Frees the places of workers that are gone by now.
    pub(super) fn sweep(&mut self) {
        self.ending.retain_mut(|worker| {
            loop {
                match worker.end.hear() {
                    Ok(Heard::Nothing) => break true,
                    Ok(
                        Heard::Notice(Notice::Died { .. } | Notice::NotStarted(_)) | Heard::Closed,
                    )
                    | Err(_) => break false,
                    Ok(Heard::Notice(_)) => {}
                }
            }
        });
    }
}
