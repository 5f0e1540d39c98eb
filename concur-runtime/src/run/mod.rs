//! Tasks under way: the one place that launches, waits, times out, cancels and gathers.
//!
//! A [`Run`] is a state machine that nothing but its owner drives: [`blocking`] on the thread that
//! called `run`, [`pending`] inside the poll of a future. It asks an engine's [`Launcher`] for one
//! [`Attempt`] per task and looks at those under way, never blocking itself.
//!
//! The rules it keeps, whatever the engine: at most `limit` tasks at once; results in the order of
//! the input; a timeout counts from when the task started to run, a deadline from the call; under
//! fail-fast the first failure stops everything that has not finished, and the run ends when that is
//! gone; nothing is launched after that.

pub(crate) mod blocking;
pub(crate) mod ends;
pub(crate) mod launch;
pub(crate) mod pending;
mod wait;

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Waker;

pub use pending::Pending;

use ends::{Jobs, NextTask};
pub(crate) use ends::{Policy, Sink};
pub(crate) use launch::{Attempt, Launch, Launcher, Stopped};
pub(crate) use wait::Wait;
#[cfg(target_os = "linux")]
pub(crate) use wait::poll as poll_until;

use crate::config::Settings;
use crate::context::{Context, Moment};
use crate::driver::Driver;
use crate::engine::Job;
use crate::error::{Error, ErrorKind, TaskError};
use crate::outcome::{End, Limit, Outcome};
use crate::task::{Site, TaskSpec, panic};

/// Tasks under way.
pub(crate) struct Run {
    settings: Arc<Settings>,
    launcher: Arc<dyn Launcher>,
    policy: Policy,
    context: Context,
    deadline: Option<Moment>,
    active: Vec<Active>,
    next_index: usize,
    /// The source has no more tasks, or is not asked any more.
    exhausted: bool,
    /// Something failed under fail-fast: nothing is launched any more.
    stopping: bool,
    failures: Vec<TaskError>,
    /// The run cannot go on, for a reason that is no task's.
    broken: Option<Error>,
}

/// An attempt under way.
struct Active {
    index: usize,
    name: Cow<'static, str>,
    site: Site,
    attempt: Box<dyn Attempt>,
    /// Why it was told to stop.
    stopped: Option<Reason>,
}

/// Why an attempt is stopped.
#[derive(Debug, Clone, Copy)]
enum Reason {
    Limit(Limit),
    Cancelled,
}

impl Run {
    pub(crate) fn new(mut settings: Settings, policy: Policy) -> Result<Self, Error> {
        let launcher = crate::engines::launcher(&settings.driver)?;
        let around = Context::current();
        let nested_limit = around.nested_limit.unwrap_or(settings.nested_limit);
        if around.depth >= nested_limit {
            return Err(Error::new(
                ErrorKind::Overloaded,
                format!(
                    "blocks are nested {} deep, and the limit is {}: flatten them, or raise \
                     `nested_limit` (CONCUR_NESTED_LIMIT)",
                    around.depth + 1,
                    nested_limit
                ),
            ));
        }
        if settings.driver == Driver::Fork && around.depth > 0 {
            // A fork that waits for forks lends them its slot and no more, or each depth would
            // multiply the processes of the one above.
            settings.limit = Some(1);
        }
        let own = settings.deadline.map(|limit| Moment::now().after(limit));
        let deadline = match (own, around.deadline) {
            (Some(own), Some(inherited)) => Some(own.min(inherited)),
            (own, inherited) => own.or(inherited),
        };
        Ok(Self {
            context: Context {
                depth: around.depth + 1,
                deadline,
                nested_limit: Some(nested_limit),
            },
            deadline,
            settings: Arc::new(settings),
            launcher,
            policy,
            active: Vec::new(),
            next_index: 0,
            exhausted: false,
            stopping: false,
            failures: Vec::new(),
            broken: None,
        })
    }

    /// Goes on as far as possible without waiting. `true` when the run has ended.
    pub(crate) fn advance(
        &mut self,
        jobs: &mut dyn Jobs,
        sink: &mut dyn Sink,
        waker: &mut dyn FnMut() -> Waker,
    ) -> bool {
        loop {
            self.look(sink, waker);
            self.keep_deadline(jobs, sink);
            if !self.launch(jobs, sink, waker) {
                break;
            }
        }
        self.active.is_empty() && (self.stopping || self.exhausted)
    }

    /// Takes the outcomes that are there, and stops what has run out of time.
    fn look(&mut self, sink: &mut dyn Sink, waker: &mut dyn FnMut() -> Waker) {
        let mut at = 0;
        while at < self.active.len() {
            if let Some(outcome) = self.active[at].attempt.poll(waker) {
                self.end(at, outcome, sink);
            } else if self.is_out_of_time(at) {
                let limit = Limit::Timeout(self.settings.timeout.unwrap_or_default());
                self.stop(at, Reason::Limit(limit), sink);
            } else {
                at += 1;
            }
        }
    }

    fn is_out_of_time(&self, at: usize) -> bool {
        let active = &self.active[at];
        let limit = self.settings.timeout.filter(|_| active.stopped.is_none());
        let expires = limit.and_then(|limit| Some(active.attempt.started()?.after(limit)));
        expires.is_some_and(|expires| expires <= Moment::now())
    }

    /// Tells an attempt to stop. Where nothing is left to wait for, that is its end.
    fn stop(&mut self, at: usize, reason: Reason, sink: &mut dyn Sink) {
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

    /// An attempt has ended: what does that mean for its task and for the run?
    fn end(&mut self, at: usize, mut outcome: Outcome, sink: &mut dyn Sink) {
        let Active { index, name, site, attempt, stopped } = self.active.swap_remove(at);
        drop(attempt);
        match stopped {
            Some(Reason::Limit(limit)) => outcome.end = End::TimedOut(limit),
            // It was stopped because another failed; what it still did changes nothing.
            Some(Reason::Cancelled) => return,
            None => {}
        }
        self.conclude(index, (&name, site), outcome, sink);
    }

    /// Puts a result where it belongs, or counts a failure.
    fn conclude(
        &mut self,
        index: usize,
        (name, site): (&str, Site),
        mut outcome: Outcome,
        sink: &mut dyn Sink,
    ) {
        if let End::Done(result) = &outcome.end {
            let accepted = catch_unwind(AssertUnwindSafe(|| sink.accept(index, result.bytes())));
            let reason = match accepted {
                Ok(Ok(())) => return,
                Ok(Err(err)) => err.to_string(),
                Err(payload) => {
                    let message = panic::message(&*payload);
                    panic::discard(payload);
                    format!("its `Deserialize` panicked: {message}")
                }
            };
            outcome.end = End::Unreadable(reason);
        }
        let err =
            TaskError::from_outcome((name, site), index, self.settings.driver.name(), outcome);
        match self.policy {
            Policy::Settle => sink.fail(index, err),
            Policy::FailFast => {
                self.failures.push(err);
                self.cancel(sink);
            }
        }
    }

    /// Stops everything; nothing is launched any more.
    fn cancel(&mut self, sink: &mut dyn Sink) {
        self.stopping = true;
        self.stop_all(Reason::Cancelled, sink);
    }

    /// When the deadline has passed, stops what runs, and tells it of what has not begun.
    fn keep_deadline(&mut self, jobs: &mut dyn Jobs, sink: &mut dyn Sink) {
        if self.stopping || self.deadline.is_none_or(|deadline| deadline > Moment::now()) {
            return;
        }
        self.stop_all(Reason::Limit(Limit::Deadline), sink);
        if self.policy == Policy::FailFast && !self.active.is_empty() {
            // Those that ran tell it.
            self.stopping = true;
            return;
        }
        let late = || Outcome::not_run(End::TimedOut(Limit::Deadline));
        while !self.stopping && !self.exhausted {
            if self.policy == Policy::Settle && !jobs.is_bounded() {
                self.exhausted = true;
            } else if let Some((index, spec)) = self.next_task(jobs) {
                self.conclude(index, (&spec.name, spec.site), late(), sink);
            }
        }
    }

    /// Launches one task, if there is one and room for it. `true` if it is worth looking again.
    fn launch(
        &mut self,
        jobs: &mut dyn Jobs,
        sink: &mut dyn Sink,
        waker: &mut dyn FnMut() -> Waker,
    ) -> bool {
        let active = self.active.len();
        // What nobody has taken yet counts half: a slow consumer gets a store, and not an endless one.
        let has_room = self.settings.has_room_beside(active)
            && self.settings.has_room_beside(active.midpoint(sink.waiting()));
        if self.stopping || !has_room {
            return false;
        }
        let Some(job) = self.next_job(jobs, sink) else {
            if self.stopping {
                self.cancel(sink);
            }
            return false;
        };
        let (index, name, site) = (job.index, job.name.clone(), job.site);
        match self.launcher.launch(job, waker) {
            Launch::Started(attempt) => {
                self.active.push(Active { index, name, site, attempt, stopped: None });
                true
            }
            Launch::Ended(outcome) => {
                self.conclude(index, (&name, site), outcome, sink);
                true
            }
        }
    }

    /// The next task of the source, as a job; tasks whose arguments could not be encoded end here.
    fn next_job(&mut self, jobs: &mut dyn Jobs, sink: &mut dyn Sink) -> Option<Job> {
        while !self.stopping {
            let (index, spec) = self.next_task(jobs)?;
            match spec.input {
                Ok(input) => {
                    return Some(Job {
                        name: spec.name,
                        site: spec.site,
                        index,
                        entry: spec.entry,
                        shared: spec.shared,
                        input,
                        context: self.context,
                        settings: Arc::clone(&self.settings),
                    });
                }
                Err(err) => {
                    let outcome = Outcome::not_run(End::NotSent(err.to_string()));
                    self.conclude(index, (&spec.name, spec.site), outcome, sink);
                }
            }
        }
        None
    }

    /// Asks the source, which may be an iterator that panics.
    fn next_task(&mut self, jobs: &mut dyn Jobs) -> Option<(usize, TaskSpec)> {
        if self.exhausted {
            return None;
        }
        let index = self.next_index;
        match catch_unwind(AssertUnwindSafe(|| jobs.next_task())) {
            Ok(Some(NextTask(spec))) => {
                self.next_index += 1;
                return Some((index, spec));
            }
            Ok(None) => {}
            Err(payload) => {
                let message = panic::message(&*payload);
                panic::discard(payload);
                self.broken.get_or_insert(Error::new(
                    ErrorKind::Panicked,
                    format!("the input panicked when it was asked for item {index}: {message}"),
                ));
                self.stopping = true;
            }
        }
        self.exhausted = true;
        None
    }

    /// Whether an outcome can be had at once: a cheap look, for spinning.
    pub(crate) fn is_ready(&self) -> bool {
        self.active.iter().any(|active| active.attempt.is_ready())
    }

    /// Says what to wait for. `true` if something came in between: then look again at once.
    pub(crate) fn park(&mut self, wait: &mut Wait) -> bool {
        let now = Moment::now();
        for active in &mut self.active {
            if active.attempt.park(wait) {
                return true;
            }
            if let Some(limit) = self.settings.timeout.filter(|_| active.stopped.is_none()) {
                wait.until(active.attempt.started().unwrap_or(now).after(limit));
            }
        }
        if let Some(deadline) = self.deadline.filter(|_| !self.stopping) {
            if deadline > now || !self.active.iter().all(|active| active.stopped.is_some()) {
                wait.until(deadline);
            }
        }
        false
    }

    /// The place that the next task would have.
    pub(crate) fn next_index(&self) -> usize {
        self.next_index
    }

    /// What the run as a whole comes to, once it has ended.
    pub(crate) fn conclusion(&mut self) -> Result<(), Error> {
        let failures = std::mem::take(&mut self.failures);
        match self.broken.take() {
            Some(err) => Err(err.with_failures(failures)),
            None if failures.is_empty() => Ok(()),
            None => Err(Error::of_tasks(failures)),
        }
    }
}
