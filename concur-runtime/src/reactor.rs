//! One thread for all futures of the process: watches their sockets and the clock, calls their
//! wakers. It knows nothing of runs and reads nothing. What is left of dropped runs is watched the
//! same way.
//!
//! It starts with the first future that has to wait. It holds no lock while it waits, so a fork of
//! the process finds its state whole (and, by its stamp, leaves it alone).

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Waker;

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd};

use crate::context::Moment;
use crate::locks::lock;
use crate::own_threads::OwnThread;
use crate::run::Wait;
use crate::shutdown;
use crate::sys::process_local::ProcessLocal;

static REACTOR: ProcessLocal<Reactor> = ProcessLocal::new();

struct Reactor {
    /// Ends the thread's wait when the interests have changed.
    changed: OwnedFd,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    interests: HashMap<u64, Interest>,
    next_key: u64,
    running: bool,
    /// Whether the thread ends when nobody waits for anything.
    is_dismissed: bool,
}

/// Everything that is watched.
struct Watched {
    /// With the keys of those who wait.
    sockets: Vec<(u64, Arc<OwnedFd>)>,
    /// Whether somebody has to know when the program shuts down.
    heeds_shutdown: bool,
    /// When the next interest is due.
    until: Option<Moment>,
}

/// What one future waits for; it is woken once.
struct Interest {
    wait: Wait,
    waker: Waker,
}

/// A future's place with the reactor; dropping it takes its interest back.
#[derive(Default)]
pub(crate) struct Watch {
    key: Option<u64>,
}

impl Watch {
    /// Wakes `waker` when something of `wait` happens. Replaces what was set before.
    pub(crate) fn set(&mut self, wait: Wait, waker: &Waker) {
        if wait.is_for_nothing() {
            self.clear();
        } else if !self.try_set(wait, waker) {
            // Without a reactor the future must be polled again and again: slow, but it ends.
            waker.wake_by_ref();
        }
    }

    /// As [`set`](Watch::set); `false` if there is no reactor: no thread can be started, or no
    /// descriptor is free.
    pub(crate) fn try_set(&mut self, wait: Wait, waker: &Waker) -> bool {
        self.clear();
        let reactor = Reactor::get().ok();
        self.key = reactor.and_then(|it| it.add(Interest { wait, waker: waker.clone() }));
        self.key.is_some()
    }

    pub(crate) fn clear(&mut self) {
        let (Some(key), Some(reactor)) = (self.key.take(), REACTOR.peek()) else { return };
        // Dropped when the lock is released: the waker may own a future that comes back here.
        let interest = reactor.lock().interests.remove(&key);
        drop(interest);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.clear();
    }
}

impl Reactor {
    fn get() -> io::Result<&'static Self> {
        REACTOR.try_get(|| {
            let changed = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
            Ok(Self { changed, state: Mutex::default() })
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// `None` where the thread cannot be started.
    fn add(&'static self, interest: Interest) -> Option<u64> {
        let mut state = self.lock();
        let key = state.next_key;
        state.next_key += 1;
        if !state.running {
            let started = std::thread::Builder::new()
                .name("concur-reactor".to_owned())
                .spawn(move || self.serve());
            state.running = started.is_ok();
        }
        if !state.running {
            return None;
        }
        state.interests.insert(key, interest);
        drop(state);
        let _ = rustix::io::write(&self.changed, &1_u64.to_ne_bytes());
        Some(key)
    }

    fn serve(&self) {
        let mut own = Some(OwnThread::begin());
        while !self.ends(&mut own) {
            let Watched { sockets, heeds_shutdown, until } = self.watched();
            let alarm = if heeds_shutdown { shutdown::alarm() } else { None };
            let mut descriptors: Vec<PollFd<'_>> = std::iter::once(self.changed.as_fd())
                .chain(sockets.iter().map(|(_, socket)| socket.as_fd()))
                .chain(alarm.map(AsFd::as_fd))
                .map(|descriptor| PollFd::from_borrowed_fd(descriptor, PollFlags::IN))
                .collect();
            crate::run::poll_until(&mut descriptors, until);
            let ready: Vec<bool> =
                descriptors.iter().map(|polled| !polled.revents().is_empty()).collect();
            drop(descriptors);
            if ready.first() == Some(&true) {
                let _ = rustix::io::read(&self.changed, &mut [0; 8]);
            }
            let keys = sockets.iter().zip(&ready[1..]).filter(|(_, ready)| **ready);
            let has_rung = alarm.is_some() && ready.last() == Some(&true);
            self.wake(keys.map(|((key, _), _)| *key).collect(), has_rung);
        }
    }

    /// Whether its thread ends now; a later interest starts another.
    fn ends(&self, own: &mut Option<OwnThread>) -> bool {
        let mut state = self.lock();
        let ends = std::mem::take(&mut state.is_dismissed) && state.interests.is_empty();
        if ends {
            // Known to end before it is no longer known to run.
            *own = None;
            state.running = false;
        }
        ends
    }

    fn watched(&self) -> Watched {
        let state = self.lock();
        let sockets = state.interests.iter().flat_map(|(key, interest)| {
            interest.wait.sockets.iter().map(|socket| (*key, Arc::clone(socket)))
        });
        let waits = || state.interests.values().map(|interest| &interest.wait);
        Watched {
            sockets: sockets.collect(),
            heeds_shutdown: waits().any(|wait| wait.heeds_shutdown),
            until: waits().filter_map(|wait| wait.until).min(),
        }
    }

    /// Wakes those whose sockets are ready and those whose time has come; if the program shuts down, all
    /// who heed that.
    fn wake(&self, mut keys: Vec<u64>, has_rung: bool) {
        let now = Moment::now();
        let mut state = self.lock();
        let is_due = |wait: &Wait| {
            wait.until.is_some_and(|until| until <= now) || (has_rung && wait.heeds_shutdown)
        };
        let due = state.interests.iter().filter(|(_, interest)| is_due(&interest.wait));
        keys.extend(due.map(|(key, _)| *key));
        let woken: Vec<Interest> =
            keys.into_iter().filter_map(|key| state.interests.remove(&key)).collect();
        drop(state);
        for interest in woken {
            // An executor that panics is no reason for all other futures to hang.
            let _ = catch_unwind(AssertUnwindSafe(|| interest.waker.wake()));
        }
    }
}

/// How many threads of this process are the reactor's: for those who count threads.
pub(crate) fn threads() -> usize {
    match REACTOR.peek() {
        Some(reactor) => usize::from(reactor.lock().running),
        _ => 0,
    }
}

/// Has the reactor's thread end, unless somebody waits for something. How many threads will.
pub(crate) fn dismiss() -> usize {
    let Some(reactor) = REACTOR.peek() else { return 0 };
    let mut state = reactor.lock();
    if !state.running || !state.interests.is_empty() {
        return 0;
    }
    state.is_dismissed = true;
    drop(state);
    let _ = rustix::io::write(&reactor.changed, &1_u64.to_ne_bytes());
    1
}

/// Runs `work` while the reactor holds no lock of ours, so that a fork finds none locked.
pub(crate) fn quiesced<R>(work: impl FnOnce() -> R) -> R {
    match REACTOR.peek() {
        Some(reactor) => {
            let _still = reactor.lock();
            work()
        }
        _ => work(),
    }
}
