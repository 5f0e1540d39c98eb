//! One task, before it runs: what the `_task` function beside an annotated function makes, and what a
//! block and a join are made of.

use std::borrow::Cow;
use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::time::Duration;

use crate::config::Said;
use crate::defer::Deferred;
use crate::driver::Driver;
use crate::error::{Error, TaskError};
use crate::outputs::{gather_one, gather_settled_one};
use crate::run::Pending;
use crate::task::TaskSpec;
use crate::task::body::Returned;
use crate::tasks::{Specs, Tasks};

/// A task whose result is a `T`. Nothing has run yet.
///
/// Made by the `NAME_task` function that stands beside a function with the attribute
/// `#[concurrent]`. It can be run alone, or with others by [`join`](crate::join) and
/// [`join_all`](crate::join_all); its options are its own then, and come before those of the whole.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use concur::{Task, attr::concurrent};
///
/// #[concurrent]
/// fn shout(text: &str) -> String {
///     text.to_uppercase()
/// }
///
/// let task: Task<String> = shout_task("hello").timeout(Duration::from_secs(5));
/// assert_eq!(task.run()?, "HELLO");
/// # Ok::<(), concur::Error>(())
/// ```
#[must_use = "a task is only described: call `.run()` or `.await` it"]
pub struct Task<T> {
    pub(crate) spec: TaskSpec,
    result: PhantomData<fn() -> T>,
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("name", &self.spec.name).finish_non_exhaustive()
    }
}

impl<T> Task<T> {
    pub(crate) fn from_spec(spec: TaskSpec) -> Self {
        Self { spec, result: PhantomData }
    }

    /// The name of the task.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// Gives the task another name: in errors, in logs, for fakes.
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.spec.name = name.into();
        self
    }

    /// Runs the task on this driver, whatever is said elsewhere.
    pub fn driver(self, driver: Driver) -> Self {
        self.say(|said| said.driver = Some(driver))
    }

    /// How long each attempt may run, counted from when it starts to run. One that runs longer is
    /// stopped, and fails as [`TimedOut`](crate::ErrorKind::TimedOut).
    pub fn timeout(self, limit: Duration) -> Self {
        self.say(|said| said.options.timeout = Some(limit))
    }

    /// How long the task may take with all of its attempts and pauses, counted from the call.
    pub fn deadline(self, limit: Duration) -> Self {
        self.say(|said| said.options.deadline = Some(limit))
    }

    /// How many more attempts the task gets; see [`Tasks::retries`].
    pub fn retries(self, count: u32) -> Self {
        self.say(|said| said.options.retries = Some(count))
    }

    /// The pause before the second attempt; see [`Tasks::backoff`].
    pub fn backoff(self, first: Duration) -> Self {
        self.say(|said| said.options.backoff = Some(first))
    }

    /// Runs the task in a worker of its own, which has run nothing before and runs nothing after.
    pub fn isolated(self) -> Self {
        self.say(|said| said.options.isolated = Some(true))
    }

    /// How many bytes of memory the task may ask for, in a worker of its own; see
    /// [`Tasks::memory_limit`].
    pub fn memory_limit(self, bytes: u64) -> Self {
        self.say(|said| said.options.memory_limit = Some(bytes))
    }

    fn say(mut self, change: impl FnOnce(&mut Said)) -> Self {
        self.spec.say(change);
        self
    }
}

impl<T: Returned> Task<T> {
    /// Runs the task and blocks until it has ended.
    ///
    /// # Errors
    ///
    /// An [`Error`] that holds the task's failure.
    pub fn run(self) -> Result<T, Error> {
        self.into_tasks().run()
    }

    /// Hands the task over to be run while the program goes on; see [`Tasks::defer`].
    ///
    /// # Errors
    ///
    /// As [`Tasks::defer`].
    pub fn defer(self) -> Result<Deferred, Error> {
        self.into_tasks().defer()
    }

    /// Keeps the outcome: what is run gives a `Result` of its own, and fails itself only if it cannot
    /// begin (a wrong setting, say).
    ///
    /// # Examples
    ///
    /// ```
    /// # use concur::attr::concurrent;
    /// #[concurrent]
    /// fn half(number: u32) -> Result<u32, String> {
    ///     if number % 2 == 0 { Ok(number / 2) } else { Err(format!("{number} is odd")) }
    /// }
    ///
    /// let outcome = half_task(7).settle().run()?;
    /// assert_eq!(outcome.unwrap_err().message(), "7 is odd");
    /// # Ok::<(), concur::Error>(())
    /// ```
    pub fn settle(self) -> Tasks<Result<T, TaskError>> {
        Tasks::settled_from([self.spec].into(), gather_settled_one)
    }

    fn into_tasks(self) -> Tasks<T> {
        Tasks::from_specs([self.spec].into(), gather_one)
    }
}

impl<T: Returned> IntoFuture for Task<T> {
    type Output = Result<T, Error>;
    type IntoFuture = Pending<Specs, T>;

    /// Runs the task without blocking the executor: `shout_task("hello").await`.
    fn into_future(self) -> Self::IntoFuture {
        self.into_tasks().into_future()
    }
}
