//! Between a run and an engine: what a run asks for and what it gets.

use std::task::Waker;

use super::Wait;
use crate::context::Moment;
use crate::engine::Job;
use crate::outcome::Outcome;

/// Carries out jobs: an engine, as a run sees it.
pub(crate) trait Launcher: Send + Sync {
    /// Starts a job. `waker` is asked for when the engine will have to call back. With `overfill` the
    /// job waits for a worker also where the queue is full.
    fn launch(&self, job: Job, overfill: bool, waker: &mut dyn FnMut() -> Waker) -> Launch;
}

/// What became of a job that was to be launched.
pub(crate) enum Launch {
    /// It is under way, or waits in the engine's queue.
    Started(Box<dyn Attempt>),
    /// It has ended already, or could not start.
    Ended(Outcome),
    /// It would have to wait, and as many as may wait do so already.
    Full(Box<Job>),
}

/// Whether there is still something to wait for after a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// No: it is gone, or cannot be stopped and is left behind.
    Gone,
    /// Yes: `poll` will give an outcome when it is gone.
    Going,
}

/// One attempt at a task. Dropping it before its outcome was taken cancels it.
pub(crate) trait Attempt: Send {
    /// The outcome, once, when it is there. Never blocks.
    fn poll(&mut self, waker: &mut dyn FnMut() -> Waker) -> Option<Outcome>;

    /// Whether `poll` would give an outcome at once, as far as a cheap look can tell.
    fn is_ready(&self) -> bool {
        false
    }

    /// Whether it waits for a worker.
    fn is_waiting(&self) -> bool {
        false
    }

    /// Adds what to wait for. `true` if something came in between.
    fn park(&mut self, wait: &mut Wait) -> bool;

    /// When the task started to run; `None` while it has not.
    fn started(&self) -> Option<Moment>;

    /// Stops the task.
    fn stop(&mut self) -> Stopped;

    /// Keeps the task's room until nothing is left of it, also when the attempt is dropped before; or
    /// gives it back, to be kept as long as the attempt.
    fn keep_room(&mut self, room: Box<dyn Send>) -> Option<Box<dyn Send>> {
        Some(room)
    }
}
