//! What is known of a task while it runs, and how the task sees it.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use crate::context::Moment;
use crate::driver::Driver;

/// What is known of a task that runs.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) name: Cow<'static, str>,
    pub(crate) index: usize,
    pub(crate) attempt: u32,
    pub(crate) driver: Driver,
    pub(crate) worker: Option<u32>,
    pub(crate) started: Moment,
    pub(crate) timeout: Option<Duration>,
    pub(crate) deadline: Option<Moment>,
}

impl Facts {
    /// When the time of this attempt is over.
    pub(crate) fn expires(&self) -> Option<Moment> {
        let own = self.timeout.map(|timeout| self.started.after(timeout));
        own.into_iter().chain(self.deadline).min()
    }
}

/// A task, as its own code sees it: what [`current`](super::current) gives.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use concur::{concurrent, task};
///
/// let places: Vec<(usize, String)> = concurrent! {
///     for _ in 0..3 => {
///         let task = task::current().expect("this is a task");
///         assert!(task.remaining().is_some_and(|left| left <= Duration::from_secs(30)));
///         (task.index(), task.driver().name().to_owned())
///     }
/// }
/// .timeout(Duration::from_secs(30))
/// .run()?;
/// assert_eq!(places[2], (2, "process".to_owned()));
/// # Ok::<(), concur::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Current(Facts);

impl Current {
    pub(super) fn new(facts: Facts) -> Self {
        Self(facts)
    }

    /// The name of the task.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The place of the task in its block, or of its item in the input, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.0.index
    }

    /// Which try at the task this is, from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.0.attempt
    }

    /// The driver that the task runs on, also for blocks of its own that should run on the same.
    #[must_use]
    pub fn driver(&self) -> &Driver {
        &self.0.driver
    }

    /// The number of the worker among those of its caller: small, from 0, and not that of any other
    /// that lives at the same time, so it can stand for a port, a directory or a test database.
    ///
    /// The number is used again when a worker is gone for certain. On Process a worker keeps it for
    /// all its tasks (of async tasks that share a worker, each has one of its own); on Fork each task
    /// has one for itself. (Workers that are left when the program has changed its user or lost its
    /// fork server are counted apart from the new ones.) Blocks inside tasks have workers of their own,
    /// numbered by each caller from 0 again. `None` on Thread, Sync and engines of one's own, which have
    /// no workers.
    #[must_use]
    pub fn worker(&self) -> Option<u32> {
        self.0.worker
    }

    /// The end of the whole run, where it is limited; blocks inside tasks inherit that of their task.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.0.deadline?.to_instant()
    }

    /// When the time of this attempt is over: the end of its timeout or the deadline, whichever is
    /// first. `None` where neither is set.
    #[must_use]
    pub fn expires(&self) -> Option<Instant> {
        self.0.expires()?.to_instant()
    }

    /// How much time is left until [`expires`](Current::expires); zero when it has passed, `None`
    /// where there is no limit.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        Some(self.0.expires()?.since(Moment::now()))
    }
}
