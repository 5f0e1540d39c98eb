//! What is stopped before it is done: an attempt whose time is over, and all of them when one failure
//! or success is enough, when the run's deadline has passed, or when the task that the run is part of
//! has to stop.

use std::sync::Arc;
use std::task::Waker;

use super::ends::Jobs;
use super::ticket::Reason;
use super::{Policy, Run, Sink, Stopped};
use crate::context::Moment;
use crate::error::{Error, ErrorKind};
use crate::outcome::{End, Limit, Outcome, Stop};
use crate::seen::{Ended, How};

impl Run {
    /// Tells an attempt to stop. Where nothing is left to wait for, that is its end.
    pub(super) fn stop(&mut self, at: usize, reason: Reason, sink: &mut dyn Sink) {
        let active = &mut self.active[at];
        if active.stopped.is_some() {
            return;
        }
        active.stopped = Some(reason);
        if active.attempt.stop() == Stopped::Gone {
            let started = active.attempt.started();
            let outcome = Outcome {
                end: End::Cancelled,
                elapsed: started.map(|moment| Moment::now().since(moment)).unwrap_or_default(),
                pid: started.map(|_| std::process::id()),
                may_have_run: started.is_some(),
            };
            self.end(at, outcome, sink);
        }
    }

    /// Stops every attempt. One that ends at once may end others, so each step looks anew.
    fn stop_all(&mut self, reason: Reason, sink: &mut dyn Sink) {
        while let Some(at) = self.active.iter().position(|active| active.stopped.is_none()) {
            self.stop(at, reason, sink);
        }
    }

    /// Stops everything; nothing is launched any more.
    pub(super) fn cancel(&mut self, sink: &mut dyn Sink) {
        self.stopping = true;
        for ready in std::mem::take(&mut self.ready).iter().filter(|ready| ready.is_kept_back) {
            self.observers.ended(&Ended::not_run(ready.ticket.index, How::Cancelled));
        }
        self.stop_all(Reason::Cancelled, sink);
    }

    /// A run inside a task that has to stop, stops. (Past the deadline, which is never later than that
    /// of the task, it does so anyway.)
    pub(super) fn follow_its_task(
        &mut self,
        sink: &mut dyn Sink,
        waker: &mut dyn FnMut() -> Waker,
    ) {
        if !self.stopping && self.follower.has_to_stop(waker) && !self.is_past_deadline() {
            self.broken.get_or_insert_with(|| {
                let reason = "the task that the run is part of has to stop";
                Error::new(ErrorKind::Cancelled, reason)
            });
            self.cancel(sink);
        }
    }

    /// When the deadline has passed, stops what runs, and tells it of what has not begun.
    pub(super) fn keep_deadline(&mut self, jobs: &mut dyn Jobs, sink: &mut dyn Sink) {
        if self.stopping || !self.is_past_deadline() {
            return;
        }
        self.stop_all(Reason::Limit(Limit::Deadline), sink);
        if self.policy == Policy::FailFast && !self.active.is_empty() {
            // Those that ran tell it.
            self.stopping = true;
            return;
        }
        let late = || Outcome::not_run(End::TimedOut(Limit::Deadline, Stop::Left));
        for ready in std::mem::take(&mut self.ready) {
            self.conclude(ready.ticket, None, late(), sink);
        }
        while !self.stopping && !self.exhausted {
            if self.policy != Policy::FailFast && !jobs.is_bounded() {
                self.exhausted = true;
            } else if let Some((index, spec)) = self.next_task(jobs) {
                let ticket = self.ticket(index, &spec, Arc::clone(&self.settings));
                self.conclude(ticket, None, late(), sink);
            }
        }
    }

    pub(super) fn is_past_deadline(&self) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= Moment::now())
    }
}
