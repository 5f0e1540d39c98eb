//! The workers of this process: kept warm, made on demand up to the limit, replaced when they die,
//! forked ahead of need where every task takes a new one.
//!
//! One lock guards everything, held for moments only: nothing here waits for a worker or the server.
//! A worker that was let go keeps its place until the server has said that it is gone. [`room`] says
//! whether a task gets a worker, [`obtaining`] which one, [`parting`] what becomes of it afterwards.

mod obtaining;
mod parting;
mod room;

use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Waker;
use std::time::Duration;

use super::super::queue::{Place, Queue, Wants};
use super::crews::{Back, Crew, Crews};
use super::hooks::Remembered;
use super::lease::{Lease, Worker};
use super::server::{Server, bury_dismissed};
use crate::config::Settings;
use crate::hooks::failure::HookFailure;
use crate::locks::lock;
use crate::outcome::End;
use crate::sys::process_local::ProcessLocal;
use room::Room;

static POOL: ProcessLocal<Pool> = ProcessLocal::new();

/// So many workers are forked ahead when every task takes a new one.
const SPARES: usize = 4;

/// So long a worker waits for a task before it leaves, unless a setting says otherwise.
const KEPT_FOR: Duration = Duration::from_secs(60);

fn kept_for(settings: &Settings) -> Duration {
    settings.idle_timeout.unwrap_or(KEPT_FOR)
}

/// The pool of this process.
pub(super) fn pool() -> &'static Pool {
    POOL.get(|| Pool { state: Mutex::default(), queue: Queue::new(), owner: std::process::id() })
}

/// All workers of one process.
pub(super) struct Pool {
    state: Mutex<State>,
    /// Those who wait for a worker.
    pub(super) queue: Arc<Queue>,
    owner: u32,
}

#[derive(Default)]
struct State {
    server: Option<Arc<Server>>,
    /// Workers without a task, the one used last at the end: it is the warmest.
    idle: Vec<Worker>,
    /// Workers that have never had a task.
    spares: Vec<Worker>,
    /// Workers that were told to end, until the server says that they are gone.
    ending: Vec<Worker>,
    /// Workers that are leased as a whole.
    leased: usize,
    next_worker: u32,
    /// A hook that failed and is not tried again yet.
    failed: Option<Remembered>,
    /// Workers that async tasks share.
    crews: Crews,
}

/// What a request for a worker comes to.
pub(super) enum Checkout {
    Worker(Lease),
    /// All are taken; the waker is called when one may be free.
    NoRoom(Place),
    Refused(End),
}

impl Pool {
    /// A worker that is ready, or will be soon, for a task of this kind. `place` is where the caller has
    /// waited, if it has.
    pub(super) fn checkout(
        &'static self,
        settings: &Settings,
        is_async: bool,
        place: Option<Place>,
        waker: &mut dyn FnMut() -> Waker,
    ) -> Checkout {
        let mut state = self.lock();
        state.part_with_left();
        state.sweep();
        bury_dismissed();
        let lanes = settings.lanes(is_async);
        let found = match state.find_room(settings, lanes, &self.queue, place.as_ref()) {
            Room::None => {
                let wants = if lanes > 1 { Wants::Lane } else { Wants::Worker };
                return Checkout::NoRoom(self.queue.wait_for(wants, place, waker()));
            }
            Room::Failed(failure) => return Checkout::Refused(End::Hook(failure)),
            Room::Lane => state.take_lane(settings, lanes),
            Room::Worker if lanes > 1 => state.share_worker(settings, lanes),
            Room::Worker => state.take_worker(settings).inspect(|_| state.leased += 1),
        };
        let worker = match found {
            Ok(worker) => worker,
            Err(refused) => return Checkout::Refused(refused),
        };
        worker.end.keep_idle_for(kept_for(settings));
        if let Some(place) = place {
            self.queue.served(place);
        }
        // A new worker may have lanes for others.
        let wakers = self.queue.next_for_lanes(state.crews.free_lanes());
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        let last = worker.crew.is_none()
            && (settings.wants_own_worker()
                || settings.tasks_per_worker.is_some_and(|limit| worker.tasks + 1 >= limit));
        Checkout::Worker(Lease { pool: self, worker: Some(worker), last })
    }

    /// Forks workers ahead of the tasks that will take them.
    pub(super) fn top_up(&self, settings: &Settings) {
        let mut state = self.lock();
        let Some(server) = state.server.clone() else { return };
        let wanted = SPARES.min(settings.workers() + 1);
        while crate::worker::level() == 0 && state.spares.len() < wanted {
            match state.new_worker(&server, settings) {
                Ok(worker) => state.spares.insert(0, worker),
                // Whoever needs it will meet the reason.
                Err(_) => return,
            }
        }
    }

    /// A server has ended or does not answer: nobody uses it any more.
    pub(super) fn forget_server(&self, server: &Arc<Server>) {
        let mut state = self.lock();
        if state.server.as_ref().is_some_and(|current| Arc::ptr_eq(current, server)) {
            state.retire_server();
        }
    }

    /// A hook failed, in the server or in one of its workers.
    pub(super) fn remember(&self, failure: &HookFailure) {
        if let Some(remembered) = Remembered::from(failure) {
            self.lock().failed = Some(remembered);
        }
    }

    /// Lets everything go that is not at work.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.retire_server();
        // Their slots go with the server.
        let ending = std::mem::take(&mut state.ending);
        drop(state);
        drop(ending);
    }

    /// The server that is there, or a new one.
    pub(super) fn server(&self, settings: &Settings) -> Result<Arc<Server>, End> {
        self.lock().server(settings)
    }

    /// A worker comes back, or a lane of one; `last` if it gets no task any more.
    pub(super) fn take_back(&self, worker: Worker, back: Back, last: bool) {
        let mut state = self.lock();
        // A whole worker is for who has waited longest.
        let first = if state.take_back(worker, back, last) { self.queue.next() } else { None };
        let others = self.queue.next_for_lanes(state.crews.free_lanes());
        drop(state);
        first.into_iter().chain(others).for_each(Waker::wake);
    }

    /// Nobody joins those that share this worker any more.
    pub(super) fn close_crew(&self, crew: &Arc<Crew>) {
        let mut state = self.lock();
        let gone = state.crews.close(crew);
        state.let_all_go(gone);
    }

    /// So many tasks ran beside each one when their worker died.
    pub(super) fn beside(&self, crew: &Arc<Crew>) -> usize {
        self.lock().crews.beside(crew)
    }

    /// Leases that a fork of this process inherits are none of its business.
    pub(super) fn owner(&self) -> u32 {
        self.owner
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}
