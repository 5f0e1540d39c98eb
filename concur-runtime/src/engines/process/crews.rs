//! Workers that async tasks share: each has lanes, and a lane is leased as a worker is.
//!
//! A crew counts as one worker for as long as it lives. It is closed when its worker is to go: then it
//! takes no more tasks, its free lanes hang up at once and the others when their tasks have ended, and the
//! worker ends with the last.

use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use super::lease::Worker;
use super::server::Server;
use crate::channel::{CallerEnd, send};
use crate::wire::tag;

/// What the tasks on one worker have in common.
pub(super) struct Crew {
    /// Where the worker hears that something was said to one of its lanes.
    bell: Arc<OwnedFd>,
    /// Why it was killed, if it was.
    fate: OnceLock<String>,
    /// So many other tasks ran there, for each of them, when it died.
    beside: OnceLock<usize>,
    /// Whether it has ever taken a task.
    worked: AtomicBool,
}

impl Crew {
    /// Has the worker look at what was said to its lanes.
    pub(super) fn ring(&self) {
        // A worker that is gone needs none, and one whose socket is full has been told.
        let _ = send(&*self.bell, &[tag::WAKE]);
    }

    pub(super) fn fate(&self) -> Option<&String> {
        self.fate.get()
    }

    /// It is killed now; the first reason is the true one.
    pub(super) fn doom(&self, reason: String) {
        let _ = self.fate.set(reason);
    }

    pub(super) fn has_worked(&self) -> bool {
        self.worked.load(Ordering::Relaxed)
    }

    pub(super) fn note_work(&self) {
        self.worked.store(true, Ordering::Relaxed);
    }
}

/// A worker with its lanes.
struct Shared {
    crew: Arc<Crew>,
    /// The worker's own end, for the bell alone.
    own: CallerEnd,
    server: Arc<Server>,
    id: u32,
    lanes: usize,
    free: Vec<CallerEnd>,
    busy: usize,
    /// So many tasks it was given.
    tasks: u64,
    /// Takes no more.
    closed: bool,
}

impl Shared {
    /// Stops handing out tasks. Gives the free lanes, which are to be let go.
    fn close(&mut self) -> Vec<Worker> {
        self.closed = true;
        let (server, id) = (&self.server, self.id);
        let free = self.free.drain(..);
        free.map(|end| Worker::new(end, Arc::clone(server), id)).collect()
    }
}

/// All workers that are shared.
#[derive(Default)]
pub(super) struct Crews(Vec<Shared>);

/// How a lane comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Back {
    /// It can be used again.
    Free,
    /// It was given up: its worker is to go.
    GivenUp,
    /// Its worker is dead.
    Dead,
}

impl Crews {
    /// So many have tasks.
    pub(super) fn busy(&self) -> usize {
        self.0.iter().filter(|shared| shared.busy > 0).count()
    }

    /// So many have none.
    pub(super) fn idle(&self) -> usize {
        self.0.len() - self.busy()
    }

    /// So many lanes could be leased.
    pub(super) fn free_lanes(&self) -> usize {
        self.0.iter().map(|shared| shared.free.len()).sum()
    }

    /// So many of them are on workers with this number of lanes.
    pub(super) fn free_lanes_of(&self, lanes: usize) -> usize {
        let of_these = self.0.iter().filter(|shared| shared.lanes == lanes);
        of_these.map(|shared| shared.free.len()).sum()
    }

    /// A free lane of a worker with so many, rather beside others than on one that is idle.
    pub(super) fn take(
        &mut self,
        lanes: usize,
        limit: Option<u64>,
    ) -> Option<(Worker, Vec<Worker>)> {
        let fits = |shared: &&mut Shared| shared.lanes == lanes && !shared.free.is_empty();
        let shared = self.0.iter_mut().filter(fits).max_by_key(|shared| shared.busy)?;
        let end = shared.free.pop()?;
        shared.busy += 1;
        shared.tasks += 1;
        let mut worker = Worker::new(end, Arc::clone(&shared.server), shared.id);
        worker.crew = Some(Arc::clone(&shared.crew));
        let is_last = limit.is_some_and(|limit| shared.tasks >= limit);
        Some((worker, if is_last { shared.close() } else { Vec::new() }))
    }

    /// Takes a new worker in.
    pub(super) fn add(
        &mut self,
        server: &Arc<Server>,
        id: u32,
        (own, free): (CallerEnd, Vec<CallerEnd>),
    ) {
        let crew = Crew {
            bell: Arc::clone(own.socket()),
            fate: OnceLock::new(),
            beside: OnceLock::new(),
            worked: AtomicBool::new(false),
        };
        self.0.push(Shared {
            crew: Arc::new(crew),
            own,
            server: Arc::clone(server),
            id,
            lanes: free.len(),
            free,
            busy: 0,
            tasks: 0,
            closed: false,
        });
    }

    /// Takes a lane back. Gives what is to be let go, and whether its worker has no task any more.
    pub(super) fn give_back(
        &mut self,
        worker: Worker,
        crew: &Arc<Crew>,
        back: Back,
    ) -> (Vec<Worker>, bool) {
        let Some(at) = self.position(crew) else { return (vec![worker], true) };
        let shared = &mut self.0[at];
        shared.busy -= 1;
        let mut gone = Vec::new();
        if back != Back::Free {
            gone = shared.close();
        }
        match back {
            Back::Dead => drop(worker),
            Back::Free if !shared.closed => shared.free.push(worker.end),
            Back::Free | Back::GivenUp => gone.push(worker),
        }
        let is_idle = shared.busy == 0;
        if is_idle && shared.closed {
            let shared = self.0.swap_remove(at);
            gone.push(Worker::new(shared.own, shared.server, shared.id));
        }
        (gone, is_idle)
    }

    /// Stops handing out tasks of one worker; gives what is to be let go.
    pub(super) fn close(&mut self, crew: &Arc<Crew>) -> Vec<Worker> {
        let found = self.position(crew);
        found.map(|at| self.0[at].close()).unwrap_or_default()
    }

    /// Those of whose lanes some have left, since nothing was to be done for too long. The others will,
    /// if they have not met a task since.
    pub(super) fn part_with_left(&mut self) -> Vec<Worker> {
        let mut gone = Vec::new();
        let has_left = |shared: &Shared| shared.free.iter().any(CallerEnd::has_left);
        while let Some(at) = self.0.iter().position(has_left) {
            gone.extend(self.0[at].close());
            if self.0[at].busy == 0 {
                let shared = self.0.swap_remove(at);
                gone.push(Worker::new(shared.own, shared.server, shared.id));
            }
        }
        gone
    }

    /// Gives up a worker without tasks, if there is one.
    pub(super) fn close_idle(&mut self) -> Option<Vec<Worker>> {
        let at = self.0.iter().position(|shared| shared.busy == 0)?;
        let mut shared = self.0.swap_remove(at);
        let mut gone = shared.close();
        gone.push(Worker::new(shared.own, shared.server, shared.id));
        Some(gone)
    }

    /// Stops handing out any.
    pub(super) fn close_all(&mut self) -> Vec<Worker> {
        let mut gone: Vec<Worker> = std::iter::from_fn(|| self.close_idle()).flatten().collect();
        gone.extend(self.0.iter_mut().flat_map(Shared::close));
        gone
    }

    /// So many tasks ran beside each one when the worker died: as many as were there when that was first
    /// heard.
    pub(super) fn beside(&self, crew: &Arc<Crew>) -> usize {
        let busy = self.position(crew).map_or(1, |at| self.0[at].busy);
        *crew.beside.get_or_init(|| busy.saturating_sub(1))
    }

    fn position(&self, crew: &Arc<Crew>) -> Option<usize> {
        self.0.iter().position(|shared| Arc::ptr_eq(&shared.crew, crew))
    }
}
