//! Spans for `tracing`: `concur.run` for a run, below the span in which the run was begun, and in it
//! `concur.task` for each attempt at a task.
//!
//! A run may be driven by one blocked thread, by polls on many, or by an iterator. So no span is
//! entered while it is driven; that of a task is entered where the task works in this process, and for
//! a moment around what its worker forwards. Everything goes to the subscriber that was the current
//! one when the run began, whichever thread drives it.
//!
//! A task's span is of the highest level, though it is no error: it is what gives events their task's
//! name, so it has to be there wherever one of them is shown.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tracing::field::Empty;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, Level, Span, dispatcher};

use super::{Begun, Ended, How, Launched, Observer, View};
use crate::context::Moment;
use crate::error::{Error, TaskError};
use crate::run::Policy;

/// The spans of one run.
pub(super) struct Spans {
    dispatch: Dispatch,
    run: Span,
    /// What tasks are below: the run, or where that is not wanted, what the run is below.
    parent: Span,
    tasks: Vec<Task>,
    concluded: bool,
}

/// The span of an attempt under way, and what is put into it at the end.
struct Task {
    index: usize,
    attempt: u32,
    span: Arc<TaskSpan>,
    launched: Moment,
    started: Option<Moment>,
}

/// The span of an attempt, wherever its task runs.
pub(crate) struct TaskSpan {
    dispatch: Dispatch,
    span: Span,
    worker_known: AtomicBool,
}

impl TaskSpan {
    /// Works inside the span.
    pub(super) fn enter<R>(&self, work: impl FnOnce() -> R) -> R {
        dispatcher::with_default(&self.dispatch, || self.span.in_scope(work))
    }

    /// Works outside of the span, for the same subscriber.
    #[cfg(target_os = "linux")]
    pub(super) fn beside<R>(&self, work: impl FnOnce() -> R) -> R {
        dispatcher::with_default(&self.dispatch, work)
    }

    /// Whether the subscriber wants it.
    #[cfg(target_os = "linux")]
    pub(super) fn is_wanted(&self) -> bool {
        !self.span.is_disabled()
    }

    /// Puts the worker's pid into the span, once.
    pub(super) fn name_worker(&self, pid: u32) {
        if !self.worker_known.swap(true, Ordering::Relaxed) {
            self.span.record("worker", pid);
        }
    }
}

impl Spans {
    /// `None` where nobody listens.
    pub(super) fn begin(run: &Begun<'_>, tasks: Option<usize>) -> Option<Self> {
        if LevelFilter::current() == LevelFilter::OFF {
            return None;
        }
        let dispatch = dispatcher::get_default(Dispatch::clone);
        if dispatch.is::<NoSubscriber>() {
            return None;
        }
        let policy = match run.policy {
            Policy::FailFast => "fail-fast",
            Policy::Settle => "settle",
            Policy::Any => "any",
        };
        let span = tracing::info_span!(
            target: "concur",
            "concur.run",
            driver = run.driver.name(),
            policy,
            tasks,
            outcome = Empty,
        );
        let parent = if span.is_disabled() { Span::current() } else { span.clone() };
        Some(Self { dispatch, run: span, parent, tasks: Vec::new(), concluded: false })
    }

    fn task(&mut self, index: usize) -> Option<&mut Task> {
        self.tasks.iter_mut().find(|task| task.index == index)
    }
}

impl Observer for Spans {
    fn launched(&mut self, attempt: &Launched<'_>, view: &mut View) {
        let span = dispatcher::with_default(&self.dispatch, || {
            tracing::error_span!(
                target: "concur",
                parent: &self.parent,
                "concur.task",
                task = attempt.name,
                index = attempt.index,
                attempt = attempt.attempt,
                driver = attempt.driver.name(),
                worker = Empty,
                waited_us = Empty,
                ran_us = Empty,
                outcome = Empty,
            )
        });
        let dispatch = self.dispatch.clone();
        let span = Arc::new(TaskSpan { dispatch, span, worker_known: AtomicBool::new(false) });
        view.span = Some(Arc::clone(&span));
        let Launched { index, attempt, .. } = *attempt;
        self.tasks.push(Task { index, attempt, span, launched: Moment::now(), started: None });
    }

    fn started(&mut self, index: usize, when: Moment) {
        if let Some(task) = self.task(index) {
            task.started.get_or_insert(when);
        }
    }

    fn ended(&mut self, ended: &Ended<'_>) {
        let at = self.tasks.iter().position(|task| task.index == ended.index);
        let Some(task) = at.map(|at| self.tasks.swap_remove(at)) else {
            // It never came to an attempt.
            dispatcher::with_default(&self.dispatch, || report(&self.parent, ended.how, 0));
            return;
        };
        let span = &task.span.span;
        if let Some(pid) = ended.pid {
            task.span.name_worker(pid);
        }
        let since = Moment::now().since(task.launched);
        let at_once = ended.pid.map(|_| since.saturating_sub(ended.elapsed));
        let waited = task.started.map(|started| started.since(task.launched)).or(at_once);
        if let Some(waited) = waited {
            span.record("waited_us", micros(waited));
            span.record("ran_us", micros(ended.elapsed));
        }
        match ended.how {
            How::Done => span.record("outcome", "done"),
            How::Cancelled => span.record("outcome", "cancelled"),
            How::Failed(err) | How::Again(err, _) => {
                span.record("outcome", tracing::field::display(err.kind()))
            }
        };
        dispatcher::with_default(&self.dispatch, || report(span, ended.how, task.attempt));
    }

    fn run_ended(&mut self, result: Result<(), &Error>) {
        self.concluded = true;
        match result {
            Ok(()) => self.run.record("outcome", "done"),
            Err(err) => self.run.record("outcome", tracing::field::display(err.kind())),
        };
    }

    fn rest(&mut self) -> Option<Moment> {
        None
    }
}

/// The highest level that any subscriber wants: 0 for none to 5 for all.
#[cfg(target_os = "linux")]
pub(super) fn wanted_level() -> u8 {
    match LevelFilter::current().into_level() {
        None => 0,
        Some(Level::ERROR) => 1,
        Some(Level::WARN) => 2,
        Some(Level::INFO) => 3,
        Some(Level::DEBUG) => 4,
        Some(Level::TRACE) => 5,
    }
}

/// A failure goes to the caller, who knows what it means: here it is of interest to who debugs. One
/// that is tried again is seen by nobody else, and a success hides it: a warning.
fn report(span: &Span, how: How<'_>, attempt: u32) {
    fn kind(err: &TaskError) -> impl tracing::Value {
        tracing::field::display(err.kind())
    }
    match how {
        How::Done | How::Cancelled => {}
        How::Failed(err) => {
            tracing::debug!(target: "concur", parent: span, kind = kind(err), "{err}");
        }
        How::Again(err, pause) => tracing::warn!(
            target: "concur",
            parent: span,
            kind = kind(err),
            attempt,
            pause_us = micros(pause),
            "{err}; it is tried again"
        ),
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

impl Drop for Spans {
    fn drop(&mut self) {
        if !self.concluded {
            self.run.record("outcome", "dropped");
            for task in &self.tasks {
                task.span.span.record("outcome", "dropped");
            }
        }
    }
}
