//! The workers of this process: kept warm, made on demand up to the limit, replaced when they die,
//! forked ahead of need where every task takes a new one.
//!
//! One lock guards everything, held for moments only: nothing here waits for a worker or the server.
//! A worker that was let go keeps its place until the server has said that it is gone.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use super::server::{Server, bury_dismissed};
use crate::channel::{CallerEnd, Heard};
use crate::config::Settings;
use crate::context::Moment;
use crate::outcome::End;
use crate::payload::Payload;
use crate::sys::process_local::ProcessLocal;
use crate::wire::Notice;

static POOL: ProcessLocal<Pool> = ProcessLocal::new();

/// So many workers are forked ahead when every task takes a new one.
const SPARES: usize = 4;

/// The pool of this process.
pub(super) fn pool() -> &'static Pool {
    POOL.get(|| Pool { state: Mutex::default(), owner: std::process::id() })
}

/// All workers of one process.
pub(super) struct Pool {
    state: Mutex<State>,
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
    waiting: VecDeque<(u64, Waker)>,
    next_place: u64,
    /// Those that were woken for a worker that came free, and until when it is kept for them: or a
    /// run with many tasks, which asks again at once, would never let another one in.
    called: Vec<(u64, Moment)>,
}

/// So long a worker is kept for who was called: a wake-up takes less, and a future that is not polled
/// must not keep it for ever.
const KEPT_FOR_CALLED: Duration = Duration::from_millis(5);

/// Who waits looks again after this time, for the case that whoever was called never came.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

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

/// A place in the queue for a worker.
pub(super) struct Place {
    pool: &'static Pool,
    id: u64,
    /// When to look again, called or not.
    pub(super) look_again: Moment,
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
        state.sweep();
        bury_dismissed();
        let kept = state.kept_for_others(place.as_ref());
        let taken = state.leased + kept;
        if taken > 0 && taken >= settings.workers() {
            let patience = if kept > 0 { KEPT_FOR_CALLED } else { LOOK_AGAIN };
            let mut place = state.wait(place, self, waker());
            place.look_again = Moment::now().after(patience);
            return Checkout::NoRoom(place);
        }
        let worker = match state.take_worker(settings) {
            Ok(worker) => worker,
            Err(refused) => return Checkout::Refused(refused),
        };
        state.leased += 1;
        if let Some(place) = place {
            state.waiting.retain(|(id, _)| *id != place.id);
            state.called.retain(|(id, _)| *id != place.id);
            // It was made use of, so nobody is called in its stead.
            std::mem::forget(place);
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
            match state.new_worker(&server) {
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
        self.new_worker(&server).or_else(|_| {
            // The server may have died unseen: once more, with a new one.
            self.retire_server();
            let server = self.server(settings)?;
            self.new_worker(&server).map_err(|err| {
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

    fn new_worker(&mut self, server: &Arc<Server>) -> io::Result<Worker> {
        let id = self.next_worker;
        self.next_worker = id.wrapping_add(1);
        Ok(Worker {
            end: server.start_worker(id)?,
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

    /// A place in the queue. Who was called and came too late is first again, and calls nobody: there
    /// is no room for others either.
    fn wait(&mut self, place: Option<Place>, pool: &'static Pool, waker: Waker) -> Place {
        let Some(place) = place else {
            let id = self.next_place;
            self.next_place += 1;
            self.waiting.push_back((id, waker));
            return Place { pool, id, look_again: Moment::now() };
        };
        self.called.retain(|(id, _)| *id != place.id);
        match self.waiting.iter_mut().find(|(id, _)| *id == place.id) {
            Some((_, present)) => *present = waker,
            None => self.waiting.push_front((place.id, waker)),
        }
        place
    }

    /// Who has waited longest for a worker; to be woken when the lock is released.
    fn next_waiting(&mut self) -> Option<Waker> {
        let (id, waker) = self.waiting.pop_front()?;
        self.called.push((id, Moment::now().after(KEPT_FOR_CALLED)));
        Some(waker)
    }

    /// How many workers are kept for others than this one.
    fn kept_for_others(&mut self, place: Option<&Place>) -> usize {
        if self.called.is_empty() {
            return 0;
        }
        let now = Moment::now();
        self.called.retain(|(_, until)| *until > now);
        self.called.iter().filter(|(id, _)| place.is_none_or(|place| place.id != *id)).count()
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
        let waiting = state.next_waiting();
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

impl Drop for Place {
    fn drop(&mut self) {
        if self.pool.owner != std::process::id() {
            return;
        }
        let mut state = self.pool.lock();
        let before = state.waiting.len();
        state.waiting.retain(|(id, _)| *id != self.id);
        state.called.retain(|(id, _)| *id != self.id);
        // Not in the queue any more: it was called, and whoever held it may have gone away instead
        // of coming.
        let waiting = if state.waiting.len() == before { state.next_waiting() } else { None };
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }
}
