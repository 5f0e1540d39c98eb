//! What a run knows of one task over all of its attempts.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Attempt, retry};
use crate::config::Settings;
use crate::context::Moment;
use crate::driver::Driver;
use crate::engine::Job;
use crate::error::TaskError;
use crate::outcome::{Limit, Outcome};
use crate::seen::{How, Launched};
use crate::task::Site;

/// So many failures of earlier attempts are kept at the most, half of them from the beginning: without
/// a bound, a task that is tried for days would fill the memory with them.
const MOST_EARLIER: usize = 100;

/// A task's place in its run.
pub(super) struct Ticket {
    pub(super) index: usize,
    pub(super) name: Cow<'static, str>,
    pub(super) site: Site,
    pub(super) is_async: bool,
    pub(super) settings: Arc<Settings>,
    /// The task's own deadline, where it has one beside that of the run.
    pub(super) deadline: Option<Moment>,
    /// The number of the attempt that is next, or under way; from 1.
    pub(super) attempt: u32,
    /// How the attempts before ended: the first and the last ones.
    pub(super) earlier: Vec<TaskError>,
}

/// A task that could be launched, once it is due and there is room.
pub(super) struct Ready {
    pub(super) ticket: Ticket,
    pub(super) job: Job,
    pub(super) due: Option<Moment>,
    /// The queue for workers is full: it comes after the one of the run that waits there.
    pub(super) is_kept_back: bool,
}

/// An attempt under way.
pub(super) struct Active {
    pub(super) ticket: Ticket,
    pub(super) attempt: Box<dyn Attempt>,
    /// What another attempt would run, where there may be one.
    pub(super) again: Option<Job>,
    /// Why it was told to stop.
    pub(super) stopped: Option<Reason>,
}

/// Why an attempt is stopped.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reason {
    Limit(Limit),
    Cancelled,
}

impl Ticket {
    /// So many tasks like this one share a worker.
    pub(super) fn lanes(&self) -> usize {
        self.settings.lanes(self.is_async)
    }

    /// Whether there may be another attempt after this one.
    pub(super) fn has_another(&self) -> bool {
        self.attempt <= self.settings.retries
    }

    /// The attempt that begins, for those who watch.
    pub(super) fn launched(&self) -> Launched<'_> {
        let Self { index, name, attempt, settings, .. } = self;
        Launched { index: *index, name, attempt: *attempt, driver: &settings.driver }
    }

    /// The failure that an outcome is, with those of the attempts before.
    pub(super) fn failure(&self, outcome: Outcome) -> TaskError {
        let driver = self.settings.driver.name();
        let err = TaskError::from_outcome((&self.name, self.site), self.index, driver, outcome);
        err.of_attempt(self.attempt)
    }

    /// When another attempt would begin; `None` if a deadline passes before.
    pub(super) fn next_due(&self, deadline: Option<Moment>) -> Option<Moment> {
        let due = Moment::now().after(retry::pause_after(self.attempt, &self.settings));
        let deadline = deadline.into_iter().chain(self.deadline).min();
        Some(due).filter(|due| deadline.is_none_or(|deadline| *due < deadline))
    }

    /// The same task once more, on a fresh worker.
    pub(super) fn retried(mut self, mut job: Job, due: Moment, err: TaskError) -> Ready {
        if self.earlier.len() == MOST_EARLIER {
            self.earlier.remove(MOST_EARLIER / 2);
        }
        self.earlier.push(err);
        self.attempt = self.attempt.saturating_add(1);
        job.attempt = self.attempt;
        if job.settings.driver == Driver::Process && !job.settings.isolated {
            let settings = Settings { isolated: true, ..(*job.settings).clone() };
            job.settings = Arc::new(settings);
        }
        Ready { ticket: self, job, due: Some(due), is_kept_back: false }
    }
}

impl Ready {
    /// How the attempt before ended, for those who watch.
    pub(super) fn again(&self) -> How<'_> {
        let pause = self.due.map(|due| due.since(Moment::now())).unwrap_or_default();
        self.ticket.earlier.last().map_or(How::Cancelled, |err| How::Again(err, pause))
    }
}

impl Active {
    /// Which limit has passed, if one has and nothing was done about it yet.
    pub(super) fn passed_limit(&self) -> Option<Limit> {
        if self.stopped.is_some() {
            return None;
        }
        let timeout = self.ticket.settings.timeout;
        let expires = timeout.and_then(|limit| Some(self.attempt.started()?.after(limit)));
        if expires.is_none() && self.ticket.deadline.is_none() {
            return None;
        }
        let now = Moment::now();
        if expires.is_some_and(|expires| expires <= now) {
            return timeout.map(Limit::Timeout);
        }
        self.ticket.deadline.is_some_and(|deadline| deadline <= now).then_some(Limit::Deadline)
    }

    /// When to look at it again, whatever happens.
    pub(super) fn look_again(&self, now: Moment) -> Option<Moment> {
        if self.stopped.is_some() {
            return None;
        }
        let timeout = self.ticket.settings.timeout;
        let expires = timeout.map(|limit| self.attempt.started().unwrap_or(now).after(limit));
        expires.into_iter().chain(self.ticket.deadline).min()
    }
}
