//! The workers of this process: kept warm, made on demand up to the limit, replaced when they die,
//! forked ahead of need where every task takes a new one.
//!
//! One lock guards everything, held for moments only: nothing here waits for a worker or the server.
//! A worker that was let go keeps its place until the server has said that it is gone.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use super::super::queue::{Place, Queue};
use super::hooks::{self, Remembered};
use super::server::{Server, bury_dismissed};
use crate::channel::{CallerEnd, Heard};
use crate::config::Settings;
use crate::hooks::failure::HookFailure;
use crate::outcome::End;
use crate::payload::Payload;
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
    /// Leases that a fork of this process inherits are none of its business.
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
    /// Workers that are leased.
    leased: usize,
    next_worker: u32,
    /// A hook that failed and is not tried again yet.
    failed: Option<Remembered>,
}

/// A worker, as its caller sees it.
pub(super) struct Worker {
    pub(super) end: CallerEnd,
    pub(super) server: Arc<Server>,
    pub(super) id: u32,
    /// So many tasks it has had.
    pub(super) tasks: u64,
    /// What it may still read after its task was given up: not used again before it is gone.
    reading: Option<(Arc<Payload>, Arc<Payload>)>,
}

/// What a request for a worker comes to.
pub(super) enum Checkout {
    Worker(Lease),
    /// All are taken; the waker is called when one may be free.
    NoRoom(Place),
    Refused(End),
}

/// A worker for one task; it goes back to the pool when the lease is dropped.
pub(super) struct Lease {
    pool: &'static Pool,
    worker: Option<Worker>,
    /// Whether the worker has to go after this task.
    last: bool,
}

impl Pool {
    /// A worker that is ready, or will be soon. `place` is where the caller has waited, if it has.
    pub(super) fn checkout(
        &'static self,
        settings: &Settings,
        place: Option<Place>,
        waker: &mut dyn FnMut() -> Waker,
    ) -> Checkout {
        let mut state = self.lock();
        state.part_with_left();
        state.sweep();
        bury_dismissed();
        let taken = state.leased + self.queue.kept_for_others(place.as_ref());
        let failed = state.failed(settings);
        // Where no other worker can be had, those that there are do the work.
        if taken > 0 && (taken >= settings.workers() || failed.is_some()) {
            return Checkout::NoRoom(self.queue.wait(place, waker()));
        }
        if let Some(failure) = failed {
            return Checkout::Refused(End::Hook(Box::new(failure)));
        }
        let worker = match state.take_worker(settings) {
            Ok(worker) => worker,
            Err(refused) => return Checkout::Refused(refused),
        };
        worker.end.keep_idle_for(kept_for(settings));
        state.leased += 1;
        if let Some(place) = place {
            self.queue.served(place);
        }
        let last = settings.wants_own_worker()
            || settings.tasks_per_worker.is_some_and(|limit| worker.tasks + 1 >= limit);
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

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Why no worker is started now: a hook. `None` if there is one that needs no start.
    fn failed(&self, settings: &Settings) -> Option<HookFailure> {
        let is_kept =
            !self.spares.is_empty() || (!settings.wants_own_worker() && !self.idle.is_empty());
        self.failed.as_ref().filter(|_| !is_kept)?.still(settings)
    }

    fn take_worker(&mut self, settings: &Settings) -> Result<Worker, End> {
        let server = self.server(settings)?;
        let kept = if settings.wants_own_worker() { self.spares.pop() } else { self.idle.pop() };
        if let Some(worker) = kept.or_else(|| self.spares.pop()) {
            return Ok(worker);
        }
        // Idle workers count, so that there are never more than the limit says.
        while !self.idle.is_empty() && self.leased + self.idle.len() >= settings.workers() {
            let worker = self.idle.remove(0);
            self.let_go(worker);
        }
        self.new_worker(&server, settings).or_else(|_| {
            // The server may have died unseen: once more, with a new one.
            let failure = hooks::server_died_in(&server);
            self.retire_server();
            if let Some(failure) = failure {
                self.failed = Remembered::from(&failure);
                return Err(End::Hook(Box::new(failure)));
            }
            let server = self.server(settings)?;
            self.new_worker(&server, settings).map_err(|err| {
                End::NotStarted(format!("the fork server cannot be asked for a worker: {err}"))
            })
        })
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
        let server = Server::start(settings)
            .map_err(|err| End::NotStarted(format!("the fork server cannot be started: {err}")))?;
        self.server = Some(Arc::clone(&server));
        Ok(server)
    }

    fn new_worker(&mut self, server: &Arc<Server>, settings: &Settings) -> io::Result<Worker> {
        let id = self.next_worker;
        self.next_worker = id.wrapping_add(1);
        Ok(Worker {
            end: server.start_worker(id, kept_for(settings))?,
            server: Arc::clone(server),
            id,
            tasks: 0,
            reading: None,
        })
    }

    /// Lets the workers of the present server go; leased ones go when they come back.
    fn retire_server(&mut self) {
        self.server = None;
        let workers: Vec<Worker> = self.idle.drain(..).chain(self.spares.drain(..)).collect();
        for worker in workers {
            self.let_go(worker);
        }
    }

    /// Tells a worker to end by closing our side of the conversation.
    fn let_go(&mut self, worker: Worker) {
        let _ = rustix::net::shutdown(&**worker.end.socket(), rustix::net::Shutdown::Write);
        self.ending.push(worker);
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
        self.end(|_, worker| drop(worker));
    }

    /// The worker was told to end, or shall end now, whatever it does.
    pub(super) fn abandon(mut self, reading: Option<(Arc<Payload>, Arc<Payload>)>) {
        self.worker_mut().reading = reading;
        if self.is_ours() {
            let worker = self.worker();
            let _ = worker.server.kill_worker(worker.id);
        }
        self.end(State::let_go);
    }

    /// Whether this process leased it, and not one that it is a fork of.
    pub(super) fn is_ours(&self) -> bool {
        self.pool.owner == std::process::id()
    }

    fn end(&mut self, what: impl FnOnce(&mut State, Worker)) {
        let Some(worker) = self.worker.take() else { return };
        if !self.is_ours() {
            // A fork of the process that leased it: it must not touch what its parent uses.
            std::mem::forget(worker);
            return;
        }
        let mut state = self.pool.lock();
        state.leased -= 1;
        what(&mut state, worker);
        let waiting = self.pool.queue.next();
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }
}

const LEASED: &str = "a lease has its worker until it ends";

impl Drop for Lease {
    fn drop(&mut self) {
        let last = self.last;
        self.end(|state, mut worker| {
            worker.tasks += 1;
            let current = state.server.as_ref();
            let fits = current.is_some_and(|server| Arc::ptr_eq(server, &worker.server));
            // A worker that calls keeps no workers of its own: they are scarce further down.
            if last || !fits || crate::worker::level() > 0 {
                state.let_go(worker);
            } else {
                state.idle.push(worker);
            }
        });
    }
}
