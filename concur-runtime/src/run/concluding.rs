//! What the end of an attempt means for its task and for the run, and what the run as a whole comes to.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::ticket::{Active, Reason, Ticket};
use super::{Policy, Run, Sink, retry};
use crate::engine::Job;
use crate::error::{Error, ErrorKind};
use crate::outcome::{End, Limit, Outcome};
use crate::seen::{Ended, How};
use crate::task::panic;

impl Run {
    /// An attempt has ended: what does that mean for its task and for the run?
    pub(super) fn end(&mut self, at: usize, mut outcome: Outcome, sink: &mut dyn Sink) {
        let Active { ticket, attempt, again, stopped } = self.active.swap_remove(at);
        drop(attempt);
        match stopped {
            Some(Reason::Limit(limit)) => outcome.out_of_time(limit),
            // It was stopped because another failed; what it still did changes nothing.
            Some(Reason::Cancelled) => {
                let (elapsed, pid) = (outcome.elapsed, outcome.pid);
                let index = ticket.index;
                sink.cancelled(index, &outcome);
                return self.observers.ended(&Ended { index, how: How::Cancelled, elapsed, pid });
            }
            None => {}
        }
        self.conclude(ticket, again, outcome, sink);
    }

    /// Puts a result where it belongs, has a failed task tried again, or counts a failure.
    pub(super) fn conclude(
        &mut self,
        ticket: Ticket,
        again: Option<Job>,
        mut outcome: Outcome,
        sink: &mut dyn Sink,
    ) {
        let (index, elapsed, pid) = (ticket.index, outcome.elapsed, outcome.pid);
        let ended = |how| Ended { index, how, elapsed, pid };
        if let End::Done(result) = &outcome.end {
            match accept(sink, ticket.index, result.bytes()) {
                Ok(()) => {
                    self.observers.ended(&ended(How::Done));
                    if self.policy == Policy::Any {
                        self.won = true;
                        self.cancel(sink);
                    }
                    return;
                }
                Err(reason) => outcome.end = End::Unreadable(reason),
            }
        }
        let over = matches!(outcome.end, End::TimedOut(Limit::Deadline, _));
        let mut err = ticket.failure(outcome);
        let again = again.filter(|_| !over && !self.stopping && retry::is_worth_another(&err));
        if let Some(job) = again {
            if let Some(due) = ticket.next_due(self.deadline) {
                let ready = ticket.retried(job, due, err);
                let how = ready.again();
                if let How::Again(err, pause) = how {
                    sink.again(err, ready.ticket.attempt, pause);
                }
                self.observers.ended(&ended(how));
                return self.ready.push(ready);
            }
            err = err.without_time_to_retry();
        }
        let err = err.with_earlier(ticket.earlier);
        self.observers.ended(&ended(How::Failed(&err)));
        if self.policy == Policy::Settle {
            return sink.fail(index, err);
        }
        sink.set_aside(&err);
        self.failures.push(err);
        if self.policy == Policy::FailFast {
            self.cancel(sink);
        }
    }

    /// What the run as a whole comes to, once it has ended.
    pub(crate) fn conclusion(&mut self) -> Result<(), Error> {
        let failures = std::mem::take(&mut self.failures);
        let result = match self.broken.take() {
            Some(err) => Err(err.with_failures(failures)),
            None if self.won => Ok(()),
            None if !failures.is_empty() => Err(Error::of_tasks(failures)),
            None if self.policy == Policy::Any => {
                Err(Error::new(ErrorKind::Failed, "there was no task, so none succeeded"))
            }
            None => Ok(()),
        };
        self.observers.run_ended(result.as_ref().copied());
        result
    }
}

/// Hands a result over, whose type is the user's and may panic while it is decoded.
fn accept(sink: &mut dyn Sink, index: usize, result: &[u8]) -> Result<(), String> {
    match catch_unwind(AssertUnwindSafe(|| sink.accept(index, result))) {
        Ok(accepted) => accepted.map_err(|err| err.to_string()),
        Err(payload) => {
            let message = panic::message(&*payload);
            panic::discard(payload);
            Err(format!("its `Deserialize` panicked: {message}"))
        }
    }
}
