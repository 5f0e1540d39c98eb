//! What can be seen of a run from outside while it goes on.
//!
//! A run tells its [`Observers`] what happens to it and to its tasks, and gives each attempt a
//! [`View`], which goes with the job to where the task runs: there it stands around the task, and what
//! a worker forwards is said through it. Three users of one idea: `spans` (feature `tracing`), `bar`
//! (feature `progress`), and the log of deferred work (`defer/listening.rs`). Observers change nothing: a
//! run goes the same way with and without them. Without the features there are none, and the compiler
//! leaves nothing of this.

#[cfg(feature = "progress")]
mod bar;
#[cfg(feature = "tracing")]
mod spans;

use std::time::Duration;

use crate::context::Moment;
#[cfg(all(target_os = "linux", feature = "forward"))]
use crate::defer::listening::Journal;
use crate::driver::Driver;
use crate::error::{Error, TaskError};
#[cfg(target_os = "linux")]
use crate::forward::Levels;
use crate::run::Policy;

/// Who may watch a run.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Watched {
    /// Those of this process. How many tasks there will be, where that is known.
    Here(Option<usize>),
    /// Nobody here: another process will drive it.
    #[cfg(target_os = "linux")]
    Elsewhere,
}

/// A run that begins.
pub(crate) struct Begun<'a> {
    pub(crate) driver: &'a Driver,
    pub(crate) policy: Policy,
    pub(crate) watched: Watched,
    /// Whether the program itself has begun it, and not a task.
    pub(crate) is_outermost: bool,
    /// Whether a bar is asked for.
    pub(crate) progress: bool,
}

/// An attempt at a task that begins: from here on its index stands for it, since a task has one
/// attempt at a time.
pub(crate) struct Launched<'a> {
    pub(crate) index: usize,
    pub(crate) name: &'a str,
    /// From 1.
    pub(crate) attempt: u32,
    pub(crate) driver: &'a Driver,
}

/// An attempt that is over, or a task that never came to one.
pub(crate) struct Ended<'a> {
    pub(crate) index: usize,
    pub(crate) how: How<'a>,
    /// How long it ran, as the side that ran it tells.
    pub(crate) elapsed: Duration,
    /// The process that ran it, where there was one.
    pub(crate) pid: Option<u32>,
}

impl<'a> Ended<'a> {
    /// Of an attempt that waited for a worker and got none.
    pub(crate) fn not_run(index: usize, how: How<'a>) -> Self {
        Self { index, how, elapsed: Duration::ZERO, pid: None }
    }
}

/// How an attempt ended.
#[derive(Clone, Copy)]
pub(crate) enum How<'a> {
    Done,
    Failed(&'a TaskError),
    /// It failed, and there will be another one after this pause.
    Again(&'a TaskError, Duration),
    /// It was stopped because of another task.
    Cancelled,
}

/// Is told what happens. Whether a run was dropped is told by the observer's own drop.
pub(crate) trait Observer: Send {
    /// An attempt is handed to its engine.
    fn launched(&mut self, attempt: &Launched<'_>, view: &mut View);

    /// An attempt began to run then. May be told more than once, and never for one that is over at
    /// once.
    fn started(&mut self, index: usize, when: Moment);

    /// Somebody else may write about an attempt that has ended, on the same terminal.
    fn make_room(&mut self) {}

    /// An attempt has ended.
    fn ended(&mut self, ended: &Ended<'_>);

    /// The run has ended.
    fn run_ended(&mut self, result: Result<(), &Error>);

    /// The run waits. When to call again, though nothing has happened.
    fn rest(&mut self) -> Option<Moment>;
}

/// Who is told of a run.
#[derive(Default)]
pub(crate) struct Observers(Vec<Box<dyn Observer>>);

/// Whether there can be any.
const POSSIBLE: bool = cfg!(any(feature = "tracing", feature = "progress", feature = "forward"));

impl Observers {
    /// One more, before the run has begun.
    #[cfg(all(target_os = "linux", feature = "forward"))]
    pub(crate) fn add(&mut self, observer: Box<dyn Observer>) {
        self.0.push(observer);
    }

    #[cfg(any(feature = "tracing", feature = "progress"))]
    pub(crate) fn of(run: &Begun<'_>) -> Self {
        let Watched::Here(tasks) = run.watched else { return Self::default() };
        let mut all: Vec<Box<dyn Observer>> = Vec::new();
        #[cfg(feature = "tracing")]
        all.extend(
            spans::Spans::begin(run, tasks).map(|spans| Box::new(spans) as Box<dyn Observer>),
        );
        #[cfg(feature = "progress")]
        all.extend(bar::Bar::begin(run, tasks).map(|bar| Box::new(bar) as Box<dyn Observer>));
        Self(all)
    }

    #[cfg(not(any(feature = "tracing", feature = "progress")))]
    pub(crate) fn of(_run: &Begun<'_>) -> Self {
        Self::default()
    }

    fn tell(&mut self, mut what: impl FnMut(&mut dyn Observer)) {
        if POSSIBLE {
            self.0.iter_mut().for_each(|observer| what(&mut **observer));
        }
    }

    /// An attempt begins; what it takes with it to where its task runs.
    pub(crate) fn launched(&mut self, attempt: &Launched<'_>) -> View {
        let mut view = View::default();
        self.tell(|observer| observer.launched(attempt, &mut view));
        view
    }

    /// `when` tells when the attempt began to run, if it has.
    pub(crate) fn started(&mut self, index: usize, when: impl Fn() -> Option<Moment>) {
        self.tell(|observer| when().into_iter().for_each(|when| observer.started(index, when)));
    }

    pub(crate) fn ended(&mut self, ended: &Ended<'_>) {
        if self.0.len() > 1 && matches!(ended.how, How::Failed(_) | How::Again(..)) {
            self.tell(|observer| observer.make_room());
        }
        self.tell(|observer| observer.ended(ended));
    }

    pub(crate) fn run_ended(&mut self, result: Result<(), &Error>) {
        self.tell(|observer| observer.run_ended(result));
    }

    /// When the run must go on, though nothing has happened.
    pub(crate) fn rest(&mut self) -> Option<Moment> {
        let mut until = None;
        self.tell(|observer| until = until.into_iter().chain(observer.rest()).min());
        until
    }
}

/// What goes with an attempt to where its task runs.
#[derive(Clone, Default)]
pub(crate) struct View {
    #[cfg(feature = "tracing")]
    span: Option<std::sync::Arc<spans::TaskSpan>>,
    #[cfg(feature = "progress")]
    line: Option<bar::Line>,
    /// The log of the deferral that the task is part of, in a supervisor that has one.
    #[cfg(all(target_os = "linux", feature = "forward"))]
    journal: Option<Journal>,
}

#[cfg_attr(
    not(feature = "tracing"),
    expect(clippy::unused_self, reason = "without the feature there is nothing in it")
)]
impl View {
    /// Does the work of the task, in this process.
    pub(crate) fn around<R>(&self, work: impl FnOnce() -> R) -> R {
        #[cfg(feature = "tracing")]
        if let Some(span) = &self.span {
            return span.enter(work);
        }
        work()
    }

    /// What of what the task records in another process is wanted here.
    #[cfg(target_os = "linux")]
    pub(crate) fn levels(&self) -> Levels {
        #[cfg(feature = "forward")]
        if let Some(journal) = &self.journal {
            return journal.levels();
        }
        #[cfg(feature = "tracing")]
        let tracing = self.span.as_ref().map_or(0, |_| spans::wanted_level());
        #[cfg(not(feature = "tracing"))]
        let tracing = 0;
        #[cfg(feature = "log")]
        let log = log::max_level() as u8;
        #[cfg(not(feature = "log"))]
        let log = 0;
        Levels::new(tracing, log)
    }

    /// What the task records in another process is written there.
    #[cfg(all(target_os = "linux", feature = "forward"))]
    pub(crate) fn write_into(&mut self, journal: Journal) {
        self.journal = Some(journal);
    }

    /// Where what the task records in another process is written, if that is not recorded here.
    #[cfg(all(target_os = "linux", feature = "forward"))]
    pub(crate) fn journal(&self) -> Option<&Journal> {
        self.journal.as_ref()
    }

    /// Writes on the terminal, where a bar may be in the way.
    #[cfg(all(target_os = "linux", feature = "forward"))]
    #[cfg_attr(
        not(feature = "progress"),
        expect(clippy::unused_self, reason = "without the feature there is no bar")
    )]
    pub(crate) fn aside<R>(&self, write: impl FnOnce() -> R) -> R {
        #[cfg(feature = "progress")]
        if let Some(line) = &self.line {
            return line.aside(write);
        }
        write()
    }

    /// Says something that its worker has said: in the name of the attempt, where that was in this
    /// process.
    #[cfg(all(target_os = "linux", feature = "forward"))]
    pub(crate) fn in_name<R>(&self, pid: Option<u32>, say: impl FnOnce() -> R) -> R {
        #[cfg(feature = "tracing")]
        if let Some(span) = &self.span {
            return match pid {
                Some(pid) => {
                    span.name_worker(pid);
                    span.enter(say)
                }
                None => span.beside(say),
            };
        }
        #[cfg(not(feature = "tracing"))]
        let _ = pid;
        say()
    }

    /// Whether the task's name stands in a span that the subscriber wants.
    #[cfg(all(target_os = "linux", feature = "tracing"))]
    pub(crate) fn is_named(&self) -> bool {
        self.span.as_ref().is_some_and(|span| span.is_wanted())
    }

    /// Whether there is a subscriber for `tracing`.
    #[cfg(all(target_os = "linux", feature = "tracing"))]
    pub(crate) fn is_listened_to(&self) -> bool {
        self.span.is_some()
    }
}
