//! What `#[task(...)]` and the attribute of a function say of a task, as the macros write it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use crate::config::{Said, TaskOptions};
use crate::driver::Driver;
use crate::many::Many;
use crate::single::Task;
use crate::task::body::Returned;

/// Options as they stand in the source: read and checked by the macros.
#[derive(Debug, Clone, Default)]
pub struct WrittenOptions {
    pub(crate) said: Said,
    pub(crate) name: Option<&'static str>,
}

impl WrittenOptions {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// `name = "..."`.
    #[must_use]
    pub fn name(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// `driver = "..."`.
    #[must_use]
    pub fn driver(mut self, name: &'static str) -> Self {
        let built_in = Driver::BUILT_IN.into_iter().find(|driver| driver.name() == name);
        self.said.driver = Some(built_in.unwrap_or(Driver::Named(Cow::Borrowed(name))));
        self
    }

    /// `timeout = "..."`.
    #[must_use]
    pub fn timeout(mut self, nanos: u64) -> Self {
        self.said.options.timeout = Some(Duration::from_nanos(nanos));
        self
    }

    /// `deadline = "..."`.
    #[must_use]
    pub fn deadline(mut self, nanos: u64) -> Self {
        self.said.options.deadline = Some(Duration::from_nanos(nanos));
        self
    }

    /// `retries = ...`.
    #[must_use]
    pub fn retries(mut self, count: u32) -> Self {
        self.said.options.retries = Some(count);
        self
    }

    /// `backoff = "..."`.
    #[must_use]
    pub fn backoff(mut self, nanos: u64) -> Self {
        self.said.options.backoff = Some(Duration::from_nanos(nanos));
        self
    }

    /// `isolated`, `isolated = ...`.
    #[must_use]
    pub fn isolated(mut self, isolated: bool) -> Self {
        self.said.options.isolated = Some(isolated);
        self
    }

    /// `memory_limit = "..."`.
    #[must_use]
    pub fn memory_limit(mut self, bytes: u64) -> Self {
        self.said.options.memory_limit = Some(bytes);
        self
    }
}

/// A task of a block with what `#[task(...)]` says of it.
pub fn with_options<T>(mut task: Task<T>, written: WrittenOptions) -> Task<T> {
    if let Some(name) = written.name {
        task.spec.name = Cow::Borrowed(name);
    }
    task.spec.say(|said| *said = written.said);
    task
}

/// The tasks of a `for` with what `#[task(...)]` says of them.
pub fn many_with_options<I: Iterator, T: Returned>(
    many: Many<I, T>,
    written: WrittenOptions,
) -> Many<I, T> {
    many.with_written(written)
}

/// A task that calls an annotated function, with what its attribute says.
///
/// `T` is what the function says that it returns, and the body of the task was checked against it.
/// `U` is another only where that type cannot travel, which was reported there.
pub fn of_function<T, U>(task: Task<U>, written: WrittenOptions) -> Task<T> {
    let mut task = Task::from_spec(task.spec);
    if let Some(name) = written.name {
        task.spec.name = Cow::Borrowed(name);
    }
    if written.said != Said::default() {
        let options = TaskOptions { function: written.said, ..TaskOptions::default() };
        task.spec.options = Some(Arc::new(options));
    }
    task
}
