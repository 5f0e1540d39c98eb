//! One task on a worker: waiting for one, running, answered, dead or killed.
//!
//! What counts is decided in this order: an answer that was published counts, whatever happened to
//! the worker since; a worker that died before it took the task costs the task nothing, it goes to
//! another one; a worker that died with the task is the task's failure. A task that is to stop is
//! taken back if its worker has not taken it, and then there is nothing to wait for. Else it is killed
//! at once, or, if it has asked for time, told and killed when that is over; the run does not heed what
//! it still says. It ends with its answer, and the worker goes on, or when the worker is gone. One
//! owner decides between the two: after the order to kill no answer is taken and the worker gets no
//! task, and before it no order is on its way that could meet the next one.

mod failed_start;
mod handing_over;
mod hearing;
mod limits;

use std::sync::Arc;
use std::task::Waker;

use super::super::queue::Place;
use super::dropped::Dropped;
use super::lease::Lease;
use super::pool::pool;
use crate::context::Moment;
use crate::engine::Job;
use crate::forward::relay;
use crate::outcome::{LastWords, Outcome};
use crate::payload::Payload;
use crate::run::{Attempt, Launch, Stopped, Wait};
pub(super) use limits::{YIELD_LIMIT, tell_to_stop, unyielding};

pub(super) struct ProcessAttempt {
    job: Job,
    state: State,
    /// The worker's socket may have something to say.
    listening: bool,
    words: Option<LastWords>,
    failed_starts: u32,
    /// When the worker must have taken the task; `None` while the server has put it in a queue.
    start_by: Option<Moment>,
    /// When the worker is killed, once the task was told to stop and has asked for time.
    kill_at: Option<Moment>,
    /// When the worker must be gone, once it was to be killed.
    gone_by: Option<Moment>,
    /// Whether the fork server was ended because it did not kill the worker.
    given_up: bool,
}

enum State {
    /// For a worker to be free.
    Waiting {
        place: Option<Place>,
    },
    Working(Lease),
    Over,
}

impl ProcessAttempt {
    pub(super) fn begin(job: Job, overfill: bool, waker: &mut dyn FnMut() -> Waker) -> Launch {
        let mut attempt = Self {
            job,
            state: State::Waiting { place: None },
            listening: false,
            words: None,
            failed_starts: 0,
            start_by: None,
            kill_at: None,
            gone_by: None,
            given_up: false,
        };
        let limit = attempt.job.settings.queue_limit.filter(|_| !overfill);
        match attempt.find_worker(waker) {
            Some(outcome) => Launch::Ended(outcome),
            None if attempt.is_waiting()
                && limit.is_some_and(|limit| pool().queue.len() > limit) =>
            {
                Launch::Full(Box::new(attempt.job.clone()))
            }
            None => Launch::Started(Box::new(attempt)),
        }
    }

    fn abandon(&mut self) {
        if let State::Working(lease) = std::mem::replace(&mut self.state, State::Over) {
            lease.abandon(Some(self.arguments()));
        }
    }

    /// What a worker may decode until the moment it is dead.
    fn arguments(&self) -> (Arc<Payload>, Arc<Payload>) {
        (Arc::clone(&self.job.shared), Arc::clone(&self.job.input))
    }
}

impl Attempt for ProcessAttempt {
    fn poll(&mut self, waker: &mut dyn FnMut() -> Waker) -> Option<Outcome> {
        if matches!(self.state, State::Waiting { .. }) {
            return self.find_worker(waker);
        }
        if self.is_ready() {
            return self.answered();
        }
        if let State::Working(lease) = &mut self.state {
            relay(&mut lease.worker_mut().end, &self.job);
        }
        if self.listening {
            let outcome = self.listen(waker).or_else(|| self.keep_limits());
            if outcome.is_some() {
                return outcome;
            }
            // What came may have been the wake of an answer.
            if self.is_ready() {
                return self.answered();
            }
        }
        None
    }

    fn is_ready(&self) -> bool {
        match &self.state {
            State::Working(lease) => self.gone_by.is_none() && lease.worker().end.is_answered(),
            _ => false,
        }
    }

    fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waiting { .. })
    }

    fn park(&mut self, wait: &mut Wait) -> bool {
        if let State::Waiting { place: Some(place) } = &self.state {
            wait.until(place.look_again);
        }
        let State::Working(lease) = &self.state else { return false };
        let end = &lease.worker().end;
        if self.gone_by.is_none() && (end.fall_asleep() || end.listen_aside()) {
            return true;
        }
        self.listening = true;
        wait.socket(end.socket());
        if let Some(limit) = self.gone_by.or(self.kill_at) {
            wait.until(limit);
        } else if let Some(limit) = self.start_by.filter(|_| end.taken_at().is_none()) {
            wait.until(limit);
        }
        false
    }

    fn started(&self) -> Option<Moment> {
        match &self.state {
            State::Working(lease) => lease.worker().end.taken_at(),
            _ => None,
        }
    }

    fn stop(&mut self) -> Stopped {
        let State::Working(lease) = &self.state else {
            self.state = State::Over;
            return Stopped::Gone;
        };
        if self.kill_at.is_none() && self.gone_by.is_none() {
            if lease.crew().is_none() && lease.worker().end.withdraw() {
                // Neither a server that is busy with hooks is waited for, nor a worker that is.
                self.abandon();
                return Stopped::Gone;
            }
            let grace = tell_to_stop(lease);
            if lease.crew().is_some() {
                if lease.worker().end.taken_at().is_none() {
                    // It never begins: the worker meets the word when it takes it. Until then it keeps
                    // its lane, which is seen to when this is dropped.
                    return Stopped::Gone;
                }
                self.kill_at = Some(Moment::now().after(grace));
            } else if grace.is_zero() {
                self.kill();
            } else {
                self.kill_at = Some(Moment::now().after(grace));
            }
            self.listening = true;
        }
        Stopped::Going
    }
}

impl Drop for ProcessAttempt {
    fn drop(&mut self) {
        let arguments = self.arguments();
        if let State::Working(mut lease) = std::mem::replace(&mut self.state, State::Over) {
            // A subscriber that has panicked is not called again while that goes on.
            let is_ours = lease.worker().end.owner() == std::process::id();
            if is_ours && !std::thread::panicking() {
                relay(&mut lease.worker_mut().end, &self.job);
            }
            if self.gone_by.is_some() {
                lease.abandon(Some(arguments));
            } else {
                let limits = (self.kill_at, self.start_by);
                Dropped::see_to(lease, arguments, limits, self.job.name.clone());
            }
        }
    }
}
