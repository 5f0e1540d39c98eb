//! The tasks of a block, before they run: options, and the verbs that run them.

use std::collections::VecDeque;
use std::fmt;
use std::future::IntoFuture;
use std::time::Duration;

use crate::config::{Methods, WhenFull};
use crate::defer::{self, Deferral, Deferred};
use crate::driver::Driver;
use crate::error::{Error, TaskError};
use crate::outcome::{End, Outcome};
use crate::outputs::{Gather, Outputs};
use crate::run::ends::{Jobs, NextTask};
use crate::run::pending::{GatherSink, conclude};
use crate::run::{Pending, Policy, Run, blocking};
use crate::seen::Watched;
use crate::task::TaskSpec;

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

        /// At most this many tasks of the run at once (and never more than the workers take). Zero is
        /// an error when the tasks are run.
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

        /// How many bytes of memory each task may ask for, beyond what its worker has when the task
        /// begins; from 1 MiB (`1 << 20`). One that goes over fails as
        /// [`OutOfMemory`](crate::ErrorKind::OutOfMemory). Each task runs in a worker of its own then,
        /// as with `isolated`.
        ///
        /// What counts is what is asked for, touched or not: the heap, as the allocator asks the system
        /// for it, and the stacks of threads that the task starts (2 MiB each with `std`), but neither
        /// its own stack nor memory that is shared with other processes. An allocation that fails ends
        /// the task; `Vec::try_reserve` and the like return an error instead, and a thread that cannot
        /// be started is a panic. A library in C gets a null pointer, and what it makes of that is its
        /// own. Each process that the task starts has the limit for itself; blocks inside it run in
        /// other workers, without it. Under driver Fork memory that the caller has free is used first
        /// and does not count. Drivers Thread and Sync cannot limit memory and warn once.
        ///
        /// It is a guard against mistakes, not against malice: a task can ask for more by a system
        /// call.
        pub fn memory_limit(mut self, bytes: u64) -> Self {
            self.methods.options.memory_limit = Some(bytes);
            self
        }

        /// What happens when as many tasks as [`queue_limit`](crate::Config::queue_limit) allows wait
        /// for a worker already. Deferred tasks always wait.
        pub fn when_full(mut self, when_full: WhenFull) -> Self {
            self.methods.options.when_full = Some(when_full);
            self
        }

        /// So many async tasks run at once in one worker of the driver Process; from 1 to 128. One,
        /// unless set; the run then has up to this many tasks under way for each worker.
        ///
        /// It is for tasks that wait most of the time. Each is polled on a thread of its own, but they
        /// share the process and its runtime, so something opened once (a pool of connections in a
        /// static) serves all of them. A free place beside others is taken before another worker is.
        /// Tasks that do not await, that are [`isolated`](Self::isolated) or tried again have a worker for
        /// themselves as ever. Each place costs a descriptor here and in the worker.
        ///
        /// # Examples
        ///
        /// ```
        /// # #[cfg(feature = "tokio")] {
        /// use concur::concurrent;
        ///
        /// async fn length(url: &str) -> usize {
        ///     tokio::task::yield_now().await; // waits for an answer
        ///     url.len()
        /// }
        ///
        /// let urls = ["https://a.example", "https://bc.example"].map(String::from);
        /// let lengths: Vec<usize> =
        ///     concurrent! { for url in urls => length(&url).await }.async_tasks_per_worker(16).run()?;
        /// assert_eq!(lengths, [17, 18]);
        /// # }
        /// # Ok::<(), concur::Error>(())
        /// ```
        ///
        /// # Cancellation
        ///
        /// A task that is to stop (its timeout, a failure of another one, a dropped run) has its future
        /// dropped where it awaits, after the time that it asked for with
        /// [`on_cancel`](crate::inside::on_cancel) if it did; the others go on. One that has not yielded
        /// half a second later is killed, with its worker and everything that runs there: the others fail as
        /// [`Killed`](crate::ErrorKind::Killed), with an error that names the task that did not yield,
        /// and may have run. They die together, too, when one of them crashes the process. A task that
        /// blocks (in a block of its own that is `run` and not awaited, say) holds up no other; one that
        /// was spawned, `tokio::spawn`, holds up the timers and sockets of all.
        ///
        /// # Errors
        ///
        /// Another number is an error when the tasks are run.
        pub fn async_tasks_per_worker(mut self, count: usize) -> Self {
            self.methods.options.async_tasks_per_worker = Some(count);
            self
        }

        /// How many more attempts each task gets after one that failed, panicked, timed out, was
        /// killed or exited, each on a fresh worker. 0, unless set. The timeout counts for each
        /// attempt, the deadline for all; the failure of a task then keeps that of each attempt
        /// ([`TaskError::earlier`](crate::TaskError::earlier)). What fails with
        /// [`Failure::permanent`](crate::Failure::permanent) is not tried again.
        pub fn retries(mut self, count: u32) -> Self {
            self.methods.options.retries = Some(count);
            self
        }

        /// Shows a bar on standard error while the tasks run: how many are done, run and have failed,
        /// and how long it takes. Feature `progress`.
        ///
        /// Where standard error is no terminal, and in blocks inside tasks, there is none. When the
        /// run has ended, the bar stays with what came of it; that of a run that was dropped goes. What
        /// tasks record for `tracing` or `log` is written above it; what they print on the terminal
        /// themselves gets in between.
        ///
        /// # Examples
        ///
        /// ```
        /// use concur::concurrent;
        ///
        /// let squares = concurrent! { for n in 1..=20_u64 => n * n }.progress().run()?;
        /// assert_eq!(squares.len(), 20);
        /// # Ok::<(), concur::Error>(())
        /// ```
        #[cfg(feature = "progress")]
        pub fn progress(mut self) -> Self {
            self.methods.progress = true;
            self
        }

        #[cfg(not(feature = "progress"))]
        #[doc(hidden)]
        pub fn progress(self) -> Self
        where
            crate::features::Concur: crate::features::ShowsProgress<Self>,
        {
            self
        }

        /// The pause before the second attempt, which doubles with each further one (up to a minute,
        /// or to this if it is longer) and is lengthened by up to itself at random. No pause, unless
        /// set.
        pub fn backoff(mut self, first: Duration) -> Self {
            self.methods.options.backoff = Some(first);
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

    /// Hands the tasks over to be run while the program goes on, and comes back at once: nobody waits
    /// for them, and their values are not kept.
    ///
    /// On driver Process they are in the hands of a supervisor, a process of its own, when this comes
    /// back: they run to their end even if this program ends at once, however it ends (but not if the
    /// machine does, or what kills every process of a service, as systemd does by default). On Fork,
    /// a fork of this process does the same. On Thread a thread of this process runs them:
    /// [`flush`](crate::flush) waits for it, and so does `main` under `#[concur::main]`. On Sync they
    /// run here and now.
    ///
    /// A task that fails stops no other. What becomes of each is one line in the file that
    /// `CONCUR_DEFER_LOG` names (it is done, failed, was cancelled or never started, and why), with one
    /// before it for each attempt that is tried again. The output of the tasks goes there as well (else
    /// nowhere), and on drivers Process and Fork what they record for `tracing` or `log`
    /// ([`Config::defer_log_level`](crate::Config::defer_log_level)).
    ///
    /// # Errors
    ///
    /// The tasks are not deferred if there is one: a wrong setting, arguments that cannot be encoded, a
    /// supervisor that cannot be started, a log that cannot be opened.
    ///
    /// # Examples
    ///
    /// ```
    /// use concur::concurrent;
    ///
    /// let order = 17;
    /// concurrent! { mail => println!("a mail about order {order}") }.defer()?;
    /// # concur::flush(std::time::Duration::from_secs(20))?;
    /// # Ok::<(), concur::Error>(())
    /// ```
    pub fn defer(self) -> Result<Deferred, Error> {
        let Self { specs, methods, policy, .. } = self;
        defer::hand_over(Deferral { specs, methods, policy })
    }

    /// Arguments that could not be encoded fail the run before any task is sent.
    fn start(&self) -> Result<Run, Error> {
        let run =
            Run::new(self.methods.clone(), self.policy, Watched::Here(Some(self.specs.len())))?;
        let mistakes = unsendable(&self.specs, run.driver());
        if self.policy == Policy::FailFast && !mistakes.is_empty() {
            return Err(run.refuse(Error::of_tasks(mistakes)));
        }
        Ok(run)
    }

    pub(crate) fn from_specs(
        specs: VecDeque<TaskSpec>,
        gather: fn() -> Box<dyn Gather<T>>,
    ) -> Self {
        Self { specs, methods: Methods::default(), policy: Policy::FailFast, gather }
    }

    pub(crate) fn settled_from(
        specs: VecDeque<TaskSpec>,
        gather: fn() -> Box<dyn Gather<T>>,
    ) -> Self {
        Self { policy: Policy::Settle, ..Self::from_specs(specs, gather) }
    }
}

impl<T: Outputs> Tasks<T> {
    /// Keeps every outcome: each task runs to its end and has a `Result` of its own, so that one
    /// failure hides no other.
    ///
    /// The run itself still fails if it cannot begin (a wrong setting, say).
    pub fn settle(self) -> Tasks<T::Settled> {
        Tasks { methods: self.methods, ..Tasks::settled_from(self.specs, T::gather_settled) }
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

/// The tasks whose arguments could not be encoded, as failures.
pub(crate) fn unsendable(specs: &VecDeque<TaskSpec>, driver: &Driver) -> Vec<TaskError> {
    let mistakes = specs.iter().enumerate().filter_map(|(index, spec)| {
        let reason = spec.input.as_ref().err()?.to_string();
        let outcome = Outcome::not_run(End::NotSent(reason));
        Some(TaskError::from_outcome((&spec.name, spec.site), index, driver.name(), outcome))
    });
    mistakes.collect()
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

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
