//! What code is part of, as far as it can be stopped: a task on a thread of this process, or the task
//! of a process made for tasks.
//!
//! A caller tells, a task looks. In one process they share a [`Told`]; between processes the word is
//! in the slot, and `own` looks there. A run inside a task follows it: [`Follower`].

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Waker;
use std::time::Duration;

use super::Facts;
#[cfg(target_os = "linux")]
use super::own;
use crate::context::{Context, Moment};
use crate::locks::lock;
use crate::run::Wait;

/// What code is part of.
#[derive(Debug, Clone, Default)]
pub(crate) enum Around {
    /// Of no task.
    #[default]
    Nothing,
    /// Of a task that runs on a thread of this process.
    Task(Arc<Inside>),
    /// Of the task that this process runs: the request with this number.
    #[cfg(target_os = "linux")]
    Process(u32),
}

/// A task that runs on a thread of this process.
#[derive(Debug)]
pub(crate) struct Inside {
    pub(crate) facts: Facts,
    /// Where its caller tells it to stop, if it can while the task runs.
    pub(crate) told: Option<Arc<Told>>,
    /// What its run is part of.
    pub(crate) outer: Around,
    /// Where it asks its caller for time, if it is one of several in a worker.
    #[cfg(all(target_os = "linux", feature = "tokio"))]
    pub(crate) lane: Option<super::lane::Asks>,
}

impl Around {
    /// What the code on this thread is part of.
    pub(crate) fn here() -> Self {
        Context::current().around
    }

    pub(super) fn facts(&self) -> Option<Facts> {
        match self {
            Self::Nothing => None,
            Self::Task(inside) => Some(inside.facts.clone()),
            #[cfg(target_os = "linux")]
            Self::Process(turn) => own::facts(*turn),
        }
    }

    /// Whether it was told to stop, or its time is over; also if that is true of what is around it.
    pub(crate) fn is_cancelled(&self) -> bool {
        match self {
            Self::Nothing => false,
            Self::Task(inside) => inside.is_cancelled(),
            #[cfg(target_os = "linux")]
            Self::Process(turn) => own::is_cancelled(*turn),
        }
    }

    /// What is around everything else.
    #[cfg(target_os = "linux")]
    fn outermost(&self) -> &Self {
        let mut around = self;
        while let Self::Task(inside) = around {
            around = &inside.outer;
        }
        around
    }

    /// Asks for time between being told and being killed. Nothing is killed but processes.
    pub(super) fn ask_for(&self, grace: Duration) {
        match self {
            Self::Nothing => {}
            Self::Task(inside) => inside.ask_for(grace),
            #[cfg(target_os = "linux")]
            Self::Process(turn) => own::ask_for(*turn, grace),
        }
    }
}

impl Inside {
    /// Nothing is killed but processes: only a task that shares one has somebody to ask.
    #[cfg(all(target_os = "linux", feature = "tokio"))]
    fn ask_for(&self, grace: Duration) {
        if let Some(asks) = &self.lane {
            asks.ask_for(grace);
        }
    }

    #[cfg(not(all(target_os = "linux", feature = "tokio")))]
    #[expect(clippy::unused_self, reason = "as where tasks share a worker")]
    fn ask_for(&self, _grace: Duration) {}

    fn is_cancelled(&self) -> bool {
        self.told.as_ref().is_some_and(|told| told.is())
            || self.facts.expires().is_some_and(|expires| expires <= Moment::now())
            || self.outer.is_cancelled()
    }
}

/// The word from a caller to a task in the same process that it should stop.
#[derive(Debug, Default)]
pub(crate) struct Told {
    is: AtomicBool,
    /// Runs inside the task that wait.
    waiting: Mutex<Vec<(u64, Waker)>>,
}

impl Told {
    pub(crate) fn is(&self) -> bool {
        self.is.load(Ordering::Acquire)
    }

    pub(crate) fn tell(&self) {
        self.is.store(true, Ordering::Release);
        let waiting = std::mem::take(&mut *self.lock());
        for (_, waker) in waiting {
            waker.wake();
        }
    }

    pub(crate) fn wake_later(&self, place: u64, waker: Waker) {
        let mut waiting = self.lock();
        // A future may be polled by another task each time.
        let at = waiting.iter().position(|(other, _)| *other == place);
        let before = at.map(|at| waiting.swap_remove(at));
        waiting.push((place, waker));
        // What a waker owns may come back here when it is dropped.
        drop(waiting);
        drop(before);
    }

    fn forget(&self, place: u64) {
        let mut waiting = self.lock();
        let at = waiting.iter().position(|(other, _)| *other == place);
        let gone = at.map(|at| waiting.swap_remove(at));
        drop(waiting);
        drop(gone);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(u64, Waker)>> {
        lock(&self.waiting)
    }
}

/// A run that is part of a task, and stops with it.
///
/// A run that begins when its task was told already is part of the cleaning up, and left alone.
#[derive(Debug, Default)]
pub(crate) struct Follower {
    around: Around,
    /// Its place among those that wait for a word, once it has one.
    place: Option<u64>,
}

impl Follower {
    pub(crate) fn of(around: Around) -> Self {
        let around = if around.is_cancelled() { Around::Nothing } else { around };
        Self { around, place: None }
    }

    /// What the run is part of, as far as it matters to its tasks.
    pub(crate) fn around(&self) -> Around {
        self.around.clone()
    }

    /// Whether the run has to stop. If not, `waker` is called when it has.
    pub(crate) fn has_to_stop(&mut self, waker: &mut dyn FnMut() -> Waker) -> bool {
        if let Around::Nothing = self.around {
            return false;
        }
        if let Around::Task(inside) = &self.around {
            static NEXT: AtomicU64 = AtomicU64::new(0);
            let place = *self.place.get_or_insert_with(|| NEXT.fetch_add(1, Ordering::Relaxed));
            // Before the look: who tells after it finds the waker.
            inside.each_told(&mut |told| told.wake_later(place, waker()));
        }
        #[cfg(target_os = "linux")]
        if let Around::Process(turn) = self.around.outermost() {
            if own::hear(*turn) {
                return true;
            }
        }
        self.around.is_cancelled()
    }

    /// Adds what else may stop the run.
    pub(crate) fn park(&self, wait: &mut Wait) {
        let mut around = &self.around;
        while let Around::Task(inside) = around {
            inside.facts.expires().into_iter().for_each(|expires| wait.until(expires));
            around = &inside.outer;
        }
        #[cfg(target_os = "linux")]
        if let Around::Process(turn) = self.around.outermost() {
            if let Some(socket) = own::socket(*turn) {
                wait.socket(&socket);
            }
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        if let (Around::Task(inside), Some(place)) = (&self.around, self.place) {
            inside.each_told(&mut |told| told.forget(place));
        }
    }
}

impl Inside {
    /// Everything by which this task may be told.
    fn each_told(&self, visit: &mut dyn FnMut(&Told)) {
        self.told.iter().for_each(|told| visit(told));
        if let Around::Task(outer) = &self.outer {
            outer.each_told(visit);
        }
    }
}
