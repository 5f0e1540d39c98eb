//! What a task has of the pool: a worker, or a lane of one.
//!
//! It goes back when the lease is dropped. A fork of the process that got it leaves it alone.

use std::sync::Arc;

use super::crews::{Back, Crew};
use super::pool::Pool;
use super::server::Server;
use crate::channel::CallerEnd;
use crate::payload::Payload;
use crate::processes::strays::end_stray;

/// A worker, as its caller sees it.
pub(super) struct Worker {
    pub(super) end: CallerEnd,
    pub(super) server: Arc<Server>,
    pub(super) id: u32,
    /// So many tasks it has had.
    pub(super) tasks: u64,
    /// What it may still read after its task was given up: not used again before it is gone.
    pub(super) reading: Option<(Arc<Payload>, Arc<Payload>)>,
    /// Those it is shared with, where this is a lane of it and not the whole.
    pub(super) crew: Option<Arc<Crew>>,
}

impl Worker {
    pub(super) fn new(end: CallerEnd, server: Arc<Server>, id: u32) -> Self {
        Self { end, server, id, tasks: 0, reading: None, crew: None }
    }

    /// Has it killed, with everything that it started.
    pub(super) fn kill(&self) {
        if self.server.kill_worker(self.id).is_err() {
            // Its server is gone, or leaves its orders unread.
            self.server.destroy();
            end_stray(self.end.pid());
        }
    }
}

/// A worker for one task; it goes back to the pool when the lease is dropped.
pub(super) struct Lease {
    pub(super) pool: &'static Pool,
    pub(super) worker: Option<Worker>,
    /// Whether the worker has to go after this task.
    pub(super) last: bool,
}

impl Lease {
    pub(super) fn worker(&self) -> &Worker {
        self.worker.as_ref().expect(LEASED)
    }

    pub(super) fn worker_mut(&mut self) -> &mut Worker {
        self.worker.as_mut().expect(LEASED)
    }

    /// Whether the worker ends after this task.
    pub(super) fn ends(&self) -> bool {
        self.last
    }

    /// The worker gets no task after this one.
    pub(super) fn make_last(&mut self) {
        self.last = true;
    }

    /// The worker is dead, and everything it started is gone.
    pub(super) fn bury(mut self) {
        self.end(Back::Dead);
    }

    /// The worker was told to end, or shall end now, whatever it does.
    pub(super) fn abandon(mut self, reading: Option<(Arc<Payload>, Arc<Payload>)>) {
        self.worker_mut().reading = reading;
        if self.is_ours() {
            self.worker().kill();
        }
        self.end(Back::GivenUp);
    }

    /// Whether this process leased it, and not one that it is a fork of.
    pub(super) fn is_ours(&self) -> bool {
        self.pool.owner() == std::process::id()
    }

    /// Those that the worker is shared with, if it is.
    pub(super) fn crew(&self) -> Option<&Arc<Crew>> {
        self.worker().crew.as_ref()
    }

    /// The worker is killed now. Those that it is shared with are told why, and nobody joins them.
    pub(super) fn doom(&self, reason: impl FnOnce() -> String) {
        let Some(crew) = self.crew().filter(|_| self.is_ours()) else { return };
        crew.doom(reason());
        self.pool.close_crew(crew);
    }

    /// So many other tasks were on the worker when it died.
    pub(super) fn beside(&self) -> usize {
        self.crew().map_or(0, |crew| self.pool.beside(crew))
    }

    /// Whether the worker has died before it ever took a task, and nobody had it killed.
    pub(super) fn has_failed_to_start(&self) -> bool {
        match self.crew() {
            Some(crew) => !crew.has_worked() && crew.fate().is_none(),
            None => self.worker().tasks == 0,
        }
    }

    fn end(&mut self, back: Back) {
        let Some(worker) = self.worker.take() else { return };
        if !self.is_ours() {
            // A fork of the process that leased it: it must not touch what its parent uses.
            std::mem::forget(worker);
            return;
        }
        self.pool.take_back(worker, back, self.last);
    }
}

const LEASED: &str = "a lease has its worker until it ends";

impl Drop for Lease {
    fn drop(&mut self) {
        self.end(Back::Free);
    }
}
