//! The tasks of a block, before they run: options, and the verbs that run them.

use std::collections::VecDeque;
use std::fmt;
use std::future::IntoFuture;
use std::time::Duration;

use crate::config::{Methods, Settings};
use crate::driver::Driver;
use crate::error::{Error, TaskError};
use crate::outcome::{End, Outcome};
use crate::outputs::{Gather, Outputs};
use crate::run::ends::{Jobs, NextTask};
use crate::run::pending::{GatherSink, conclude};
use crate::run::{Pending, Policy, Run, blocking};
use crate::task::TaskSpec;
use crate::task::body::TaskPart;

/// What a block makes: a few tasks whose results are a `T`. Nothing has run yet.
///
/// The captures were encoded when the block was built; options are methods; `run` (or `.await`) runs
/// the tasks and gives their results in the order written, whichever ends first.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use concur::concurrent;
///
/// let greeting = "hello".to_owned();
/// let (length, loud) = concurrent! {
///     length => greeting.len(),
///     loud => greeting.to_uppercase(),
/// }
/// .timeout(Duration::from_secs(5))
/// .deadline(Duration::from_secs(8))
/// .run()?;
/// assert_eq!((length, loud.as_str()), (5, "HELLO"));
/// # Ok::<(), concur::Error>(())
/// ```
#[must_use = "a block only describes its tasks: call `.run()` or `.await` it"]
pub struct Tasks<T> {
    specs: VecDeque<TaskSpec>,
    methods: Methods,
    policy: Policy,
    gather: fn() -> Box<dyn Gather<T>>,
}

impl<T> fmt::Debug for Tasks<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tasks")
            .field("tasks", &self.specs.iter().map(|spec| &*spec.name).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// The options that tasks of every shape have.
macro_rules! options {
    () => {
        /// Runs the tasks on this driver, whatever the environment and the configuration say.
        pub fn driver(mut self, driver: Driver) -> Self {
            self.methods.driver = Some(driver);
            self
        }

        /// How long each task may run, counted from when it starts to run. One that runs longer is
        /// stopped, and fails as [`TimedOut`](crate::ErrorKind::TimedOut). There is no limit unless
        /// one is set.
        pub fn timeout(mut self, limit: Duration) -> Self {
            self.methods.options.timeout = Some(limit);
            self
        }

        /// How long the whole run may take, counted from the call. Blocks inside the tasks inherit
        /// what is left of it.
        pub fn deadline(mut self, limit: Duration) -> Self {
            self.methods.options.deadline = Some(limit);
            self
        }

        /// At most this many tasks of the run at once (and never more than there are workers). Zero
        /// is an error when the tasks are run.
        pub fn limit(mut self, tasks: usize) -> Self {
            self.methods.limit = Some(tasks);
            self
        }

        /// Runs each task in a worker of its own, which has run nothing before and runs nothing
        /// after. Drivers Thread and Sync have no processes to give and warn once.
        pub fn isolated(mut self) -> Self {
            self.methods.options.isolated = Some(true);
            self
        }
    };
}

pub(crate) use options;

impl<T> Tasks<T> {
    options!();

    /// Runs the tasks and blocks until all have ended.
    ///
    /// The first failure cancels the tasks that have not finished (running ones are killed), waits
    /// until they are gone, and is the error; with [`settle`](Tasks::settle) every task ends by
    /// itself.
    ///
    /// # Errors
    ///
    /// An [`Error`] that leads with the first failure and holds every one that was seen. Its kind
    /// tells what happened; see [`ErrorKind`](crate::ErrorKind).
    pub fn run(self) -> Result<T, Error> {
        let mut run = self.start()?;
        let mut gather = (self.gather)();
        let mut jobs = Specs(self.specs);
        blocking::drive(&mut run, &mut jobs, &mut GatherSink(&mut *gather));
        conclude(&mut run, gather)
    }

    /// Arguments that could not be encoded fail the run before any task is sent.
    fn start(&self) -> Result<Run, Error> {
        let settings = Settings::resolve(&self.methods)?;
        let mistakes = self.specs.iter().enumerate().filter_map(|(index, spec)| {
            let reason = spec.input.as_ref().err()?.to_string();
            let outcome = Outcome::not_run(End::NotSent(reason));
            let driver = settings.driver.name();
            Some(TaskError::from_outcome((&spec.name, spec.site), index, driver, outcome))
        });
        let mistakes: Vec<TaskError> = mistakes.collect();
        if self.policy == Policy::FailFast && !mistakes.is_empty() {
            return Err(Error::of_tasks(mistakes));
        }
        Run::new(settings, self.policy)
    }
}

impl<T: Outputs> Tasks<T> {
    pub(crate) fn from_specs(specs: VecDeque<TaskSpec>) -> Self {
        Self { specs, methods: Methods::default(), policy: Policy::FailFast, gather: T::gather }
    }

    /// Keeps every outcome: each task runs to its end and has a `Result` of its own, so that one
    /// failure hides no other.
    ///
    /// The run itself still fails if it cannot begin (a wrong setting, say).
    pub fn settle(self) -> Tasks<T::Settled> {
        Tasks {
            specs: self.specs,
            methods: self.methods,
            policy: Policy::Settle,
            gather: T::gather_settled,
        }
    }
}

impl<T> IntoFuture for Tasks<T> {
    type Output = Result<T, Error>;
    type IntoFuture = Pending<Specs, T>;

    /// Runs the tasks without blocking the executor: `concurrent! { ... }.await`.
    fn into_future(self) -> Self::IntoFuture {
        Pending::new(self.start(), Specs(self.specs), (self.gather)())
    }
}

/// The tasks of a block, as a run asks for them.
#[derive(Debug)]
pub struct Specs(VecDeque<TaskSpec>);

impl Jobs for Specs {
    fn next_task(&mut self) -> Option<NextTask> {
        self.0.pop_front().map(NextTask)
    }

    fn is_bounded(&self) -> bool {
        true
    }
}

/// The parts of a block as a macro writes them: a tuple of tasks.
pub trait Parts {
    /// The tuple of their results.
    type Outputs: Outputs;

    /// The tasks, without the types of their results.
    #[doc(hidden)]
    fn into_tasks(self) -> Tasks<Self::Outputs>;
}

macro_rules! tuple_parts {
    ($($T:ident $index:tt)*) => {
        impl<$($T: crate::task::body::Returned),*> Parts for ($(TaskPart<$T>,)*) {
            type Outputs = ($($T,)*);

            fn into_tasks(self) -> Tasks<($($T,)*)> {
                Tasks::from_specs(VecDeque::from([$(self.$index.spec),*]))
            }
        }
    };
}

crate::outputs::for_each_tuple!(tuple_parts);

/// Makes the tasks of a block.
pub fn tasks<P: Parts>(parts: P) -> Tasks<P::Outputs> {
    parts.into_tasks()
}
