//! The workers of this process: kept warm, made on demand up to the limit, replaced when they die,
//! forked ahead of need where every task takes a new one.
//!
//! One lock guards everything, held for moments only: nothing here waits for a worker or the server.
//! A worker that was let go keeps its place until the server has said that it is gone.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Waker;
use std::time::Duration;

use super::super::queue::{Place, Queue, Wants};
use super::crews::{Back, Crew, Crews};
use super::hooks::{self, Remembered};
use super::lease::{Lease, Worker};
use super::server::{Server, bury_dismissed};
use crate::channel::Heard;
use crate::config::Settings;
use crate::hooks::failure::HookFailure;
use crate::locks::lock;
use crate::outcome::End;
use crate::sys::process_local::ProcessLocal;
use crate::wire::Notice;

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

/// What there is room for.
enum Room {
    /// A free lane.
    Lane,
    /// One more worker at work.
    Worker,
    /// A worker, but no more can be started: a hook fails.
    Failed(Box<HookFailure>),
    /// Neither.
    None,
}

impl State {
    /// Why no worker is started now: a hook. `None` if there is one that needs no start.
    fn failed(&self, settings: &Settings, lanes: usize) -> Option<HookFailure> {
        let is_kept = lanes == 1
            && (!self.spares.is_empty() || (!settings.wants_own_worker() && !self.idle.is_empty()));
        self.failed.as_ref().filter(|_| !is_kept)?.still(settings)
    }

    fn find_room(
        &mut self,
        settings: &Settings,
        lanes: usize,
        queue: &Queue,
        place: Option<&Place>,
    ) -> Room {
        let kept = queue.kept(place);
        let has_lane = lanes > 1 && self.crews.free_lanes_of(lanes) > kept.lanes;
        if has_lane && !queue.is_behind_a_worker(place) {
            return Room::Lane;
        }
        let kept = kept.workers + kept.lanes.saturating_sub(self.crews.free_lanes());
        let taken = self.leased + self.crews.busy() + kept;
        let failed = self.failed(settings, lanes);
        // Where no other worker can be had, those that there are do the work.
        if taken > 0 && (taken >= settings.workers() || failed.is_some()) {
            return Room::None;
        }
        failed.map_or(Room::Worker, |failure| Room::Failed(Box::new(failure)))
    }

    /// A lane of a worker that is there, or of a new one if it has another number of lanes.
    fn take_lane(&mut self, settings: &Settings, lanes: usize) -> Result<Worker, End> {
        // One that serves somebody else is retired.
        self.server(settings)?;
        match self.crews.take(lanes, settings.tasks_per_worker) {
            Some((worker, gone)) => {
                self.let_all_go(gone);
                Ok(worker)
            }
            None => self.share_worker(settings, lanes),
        }
    }

    /// A lane of a new worker.
    fn share_worker(&mut self, settings: &Settings, lanes: usize) -> Result<Worker, End> {
        self.make_room(settings);
        self.start(settings, |state, server| {
            let id = state.next_id();
            state.crews.add(server, id, server.start_worker(id, kept_for(settings), lanes)?);
            Ok(())
        })?;
        self.take_lane(settings, lanes)
    }

    /// Idle workers count, so that there are never more than the limit says.
    fn make_room(&mut self, settings: &Settings) {
        while self.idle.len() + self.crews.idle() > 0
            && self.leased + self.crews.busy() + self.idle.len() + self.crews.idle()
                >= settings.workers()
        {
            let gone = if self.idle.is_empty() {
                self.crews.close_idle().unwrap_or_default()
            } else {
                vec![self.idle.remove(0)]
            };
            self.let_all_go(gone);
        }
    }

    /// Starts a worker: with the server that is there, or once more with a new one, if that has died
    /// unseen.
    fn start<T>(
        &mut self,
        settings: &Settings,
        start: impl Fn(&mut Self, &Arc<Server>) -> io::Result<T>,
    ) -> Result<T, End> {
        let server = self.server(settings)?;
        start(self, &server).or_else(|_| {
            let failure = hooks::server_died_in(&server);
            self.retire_server();
            if let Some(failure) = failure {
                self.failed = Remembered::from(&failure);
                return Err(End::Hook(Box::new(failure)));
            }
            let server = self.server(settings)?;
            start(self, &server).map_err(|err| {
                End::NotStarted(format!("the fork server cannot be asked for a worker: {err}"))
            })
        })
    }

    fn take_worker(&mut self, settings: &Settings) -> Result<Worker, End> {
        // One that serves somebody else is retired.
        self.server(settings)?;
        let kept = if settings.wants_own_worker() { self.spares.pop() } else { self.idle.pop() };
        if let Some(worker) = kept.or_else(|| self.spares.pop()) {
            return Ok(worker);
        }
        self.make_room(settings);
        self.start(settings, |state, server| state.new_worker(server, settings))
    }

    /// The server, started if there is none, or if this process has become somebody else.
    fn server(&mut self, settings: &Settings) -> Result<Arc<Server>, End> {
        if self.server.as_ref().is_some_and(|server| !server.fits()) {
            self.retire_server();
        }
        if let Some(server) = &self.server {
            return Ok(Arc::clone(server));
        }
        if let Some(refused) = super::refusal() {
            return Err(refused);
        }
        let server = Server::new(settings)
            .map_err(|err| End::NotStarted(format!("the fork server cannot be started: {err}")))?;
        self.server = Some(Arc::clone(&server));
        Ok(server)
    }

    fn new_worker(&mut self, server: &Arc<Server>, settings: &Settings) -> io::Result<Worker> {
        let id = self.next_id();
        let (end, _) = server.start_worker(id, kept_for(settings), 0)?;
        Ok(Worker::new(end, Arc::clone(server), id))
    }

    fn next_id(&mut self) -> u32 {
        let id = self.next_worker;
        self.next_worker = id.wrapping_add(1);
        id
    }

    /// Lets the workers of the present server go; leased ones go when they come back.
    fn retire_server(&mut self) {
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

    fn let_all_go(&mut self, workers: Vec<Worker>) {
        for worker in workers {
            self.let_go(worker);
        }
    }

    /// Workers that have had no task for too long have left by themselves.
    fn part_with_left(&mut self) {
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
    fn sweep(&mut self) {
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

    /// A worker comes back, or a lane of one. Gives whether a whole worker is free now.
    fn take_back(&mut self, mut worker: Worker, back: Back, last: bool) -> bool {
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
}
