//! Settings from code: a builder, checked and installed as a whole.

use std::time::Duration;

use super::sources::{self, Installed};
use super::{Choice, DeferLogLevel, LANES_ALLOWED, MOST_LANES, Options, Source, WhenFull};
use crate::driver::Driver;
use crate::error::Error;
use crate::size::{self, Spelled};

/// Settings for the runs of this process, below those of methods and of the environment.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use concur::{Config, Driver};
///
/// Config::new()
///     .driver(Driver::Process)
///     .workers(4)
///     .timeout(Duration::from_secs(30))
///     .for_driver(&Driver::Thread, |thread| thread.workers(16))
///     .install()?;
///
/// let err = Config::new().workers(0).install().unwrap_err();
/// assert!(err.to_string().contains("workers"));
/// # Config::new().install()?;
/// # Ok::<(), concur::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "a configuration does nothing until it is installed"]
pub struct Config {
    /// What a file says that was loaded.
    file: Option<Source>,
    source: Source,
    mistake: Option<Error>,
}

/// Settings for one driver; see [`Config::for_driver`].
#[derive(Debug, Clone, Default)]
#[must_use = "settings do nothing unless they are given back"]
pub struct DriverConfig {
    options: Options,
    mistake: Option<Error>,
}

/// The settings that exist for all drivers and for one.
macro_rules! settings {
    ($type:ident, $options:ident => $place:expr) => {
        impl $type {
            /// So many workers (processes, threads) at the most, over all runs of this process, and as
            /// many at each depth of blocks inside tasks; from 1. As many as processors, unless set.
            ///
            /// On threads a task that has waited for a second in which none has ended is let in all
            /// the same, since tasks there may wait for one another. An engine of one's own has as
            /// many for each run.
            pub fn workers(mut self, count: usize) -> Self {
                self.check(count > 0, "workers", "0", "1 or more");
                let $options = &mut self;
                $place.workers = Some(count);
                self
            }

            /// How long each task may run, from when it starts to run. No limit, unless set.
            pub fn timeout(mut self, limit: Duration) -> Self {
                self.check(!limit.is_zero(), "timeout", "0s", "a duration above zero");
                let $options = &mut self;
                $place.timeout = Some(limit);
                self
            }

            /// How long a whole run may take, from the call. No limit, unless set.
            pub fn deadline(mut self, limit: Duration) -> Self {
                self.check(!limit.is_zero(), "deadline", "0s", "a duration above zero");
                let $options = &mut self;
                $place.deadline = Some(limit);
                self
            }

            /// A worker is replaced after this many tasks; from 1. Never, unless set.
            pub fn tasks_per_worker(mut self, count: u64) -> Self {
                self.check(count > 0, "tasks_per_worker", "0", "1 or more");
                let $options = &mut self;
                $place.tasks_per_worker = Some(count);
                self
            }

            /// So many async tasks run at once in one worker of the driver Process; from 1 to 128. One,
            /// unless set. See [`Tasks::async_tasks_per_worker`](crate::Tasks::async_tasks_per_worker).
            pub fn async_tasks_per_worker(mut self, count: usize) -> Self {
                let is_right = (1..=MOST_LANES).contains(&count);
                let value = count.to_string();
                self.check(is_right, "async_tasks_per_worker", &value, LANES_ALLOWED);
                let $options = &mut self;
                $place.async_tasks_per_worker = Some(count);
                self
            }

            /// Whether every task gets a worker of its own.
            pub fn isolated(mut self, isolated: bool) -> Self {
                let $options = &mut self;
                $place.isolated = Some(isolated);
                self
            }

            /// How many more attempts a task gets after one that failed, panicked, timed out, was
            /// killed or exited, each on a fresh worker. 0, unless set.
            pub fn retries(mut self, count: u32) -> Self {
                let $options = &mut self;
                $place.retries = Some(count);
                self
            }

            /// The pause before the second attempt, which doubles with each further one (up to a
            /// minute, or to this if it is longer) and is lengthened by up to itself at random. No
            /// pause, unless set.
            pub fn backoff(mut self, first: Duration) -> Self {
                let $options = &mut self;
                $place.backoff = Some(first);
                self
            }

            /// How many bytes of memory each task may ask for, beyond what its worker has when the task
            /// begins; from 1 MiB (1 << 20). No limit, unless set. See
            /// [`Tasks::memory_limit`](crate::Tasks::memory_limit) for what it counts.
            pub fn memory_limit(mut self, bytes: u64) -> Self {
                let value = Spelled(bytes).to_string();
                self.check(bytes >= size::LEAST_LIMIT, "memory_limit", &value, "1 MiB or more");
                let $options = &mut self;
                $place.memory_limit = Some(bytes);
                self
            }

            /// How many tasks may wait for a worker of a driver, over all runs of this process. No
            /// limit, unless set. [`when_full`](Self::when_full) says what happens to one more.
            ///
            /// A run that keeps tasks back while the queue is full has one of them wait all the same,
            /// so with many runs more may wait than the limit says: one for each run that was let in.
            pub fn queue_limit(mut self, tasks: usize) -> Self {
                let $options = &mut self;
                $place.queue_limit = Some(tasks);
                self
            }

            /// What happens when as many tasks as [`queue_limit`](Self::queue_limit) allows wait for a
            /// worker already: [`WhenFull::Wait`], unless set.
            pub fn when_full(mut self, when_full: WhenFull) -> Self {
                let $options = &mut self;
                $place.when_full = Some(when_full);
                self
            }

            /// A worker that has had no task for this long ends; the next task that finds none gets a
            /// new one. `Duration::MAX` keeps them for ever. A minute for processes and five seconds
            /// for threads, unless set.
            ///
            /// With a worker ends what its tasks have left running in it. Its fork server stays.
            pub fn idle_timeout(mut self, limit: Duration) -> Self {
                self.check(!limit.is_zero(), "idle_timeout", "0s", "a duration above zero");
                let $options = &mut self;
                $place.idle_timeout = Some(limit);
                self
            }

            /// How deep blocks may be nested in tasks; from 1. 4, unless set.
            pub fn nested_limit(mut self, depth: u32) -> Self {
                self.check(depth > 0, "nested_limit", "0", "1 or more");
                let $options = &mut self;
                $place.nested_limit = Some(depth);
                self
            }

            /// Lets the driver Fork fork a process that has more than one thread.
            ///
            /// In such a fork only the calling thread goes on: a lock that another thread held at
            /// that moment (the allocator's are safe with glibc, a library's may not be) stays
            /// locked for ever, and a task that needs it runs into its timeout. Set one.
            pub fn fork_with_threads(mut self, allowed: bool) -> Self {
                let $options = &mut self;
                $place.fork_with_threads = Some(allowed);
                self
            }

            /// How long a new worker has to be ready, the hooks of `#[concur::preload]` and
            /// `#[concur::on_worker_start]` included. 30 s, unless set.
            ///
            /// A task whose worker is not ready by then fails as
            /// [`Start`](crate::ErrorKind::Start), and the message names the hook that did not
            /// return. For as long again, tasks that need a new worker get the same error at once.
            pub fn start_limit(mut self, limit: Duration) -> Self {
                self.check(!limit.is_zero(), "start_limit", "0s", "a duration above zero");
                let $options = &mut self;
                $place.start_limit = Some(limit);
                self
            }

            /// Which of what deferred tasks record for `tracing` and `log` (features of these names)
            /// stands in the file that `CONCUR_DEFER_LOG` names, on drivers Process and Fork.
            /// [`Info`](DeferLogLevel::Info), unless set.
            pub fn defer_log_level(mut self, level: DeferLogLevel) -> Self {
                let $options = &mut self;
                $place.defer_log_level = Some(level);
                self
            }

            fn check(&mut self, right: bool, setting: &str, value: &str, allowed: &str) {
                if !right && self.mistake.is_none() {
                    self.mistake = Some(Error::config(format!(
                        "Config::{setting}: `{value}` is not allowed: allowed is {allowed}"
                    )));
                }
            }
        }
    };
}

settings!(Config, config => config.source.all);
settings!(DriverConfig, config => config.options);

impl Config {
    /// Nothing set: what is not set comes from the defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the environment says, and the file that `CONCUR_CONFIG` names, to be changed or looked
    /// at. (Both come before an installed configuration anyway.)
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config): a variable has a value that is not allowed, or
    /// something is wrong with the file; the message names the place, the value, and what is allowed.
    pub fn from_env() -> Result<Self, Error> {
        let surroundings = sources::read(false)?;
        Ok(Self { file: surroundings.file, source: surroundings.environment, mistake: None })
    }

    /// What a file in TOML says; it has the settings that the environment has, in lower case, and a
    /// table for each driver. Needs the feature `config-file`.
    ///
    /// What the file says comes before what is said in code, also by methods of what this gives:
    /// `Config::from_file(path)?.workers(4)` means four unless the file says otherwise. A relative
    /// path is relative to the working directory; the file may have 16 KiB.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config): the file cannot be read, is not TOML, or names
    /// a setting that there is not, or a value that is not allowed. The message names the file, the
    /// line, the setting, the value, and what is allowed.
    ///
    /// # Examples
    ///
    /// ```
    /// use concur::Config;
    ///
    /// let path = std::env::temp_dir().join(format!("concur-doc-{}.toml", std::process::id()));
    /// std::fs::write(&path, "timeout = \"30s\"\n[process]\nworkers = 2\n")?;
    /// Config::from_file(&path)?.install()?;
    ///
    /// std::fs::write(&path, "timeout = \"30s\"\nworker = 2\n")?;
    /// let err = Config::from_file(&path).unwrap_err();
    /// assert!(err.to_string().ends_with(":2: there is no setting `worker`: is `workers` meant?"));
    /// # std::fs::remove_file(&path)?;
    /// # Config::new().install()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "config-file")]
    pub fn from_file(path: impl AsRef<std::path::Path>) -> Result<Self, Error> {
        let file = super::file::parse(&super::file::read(path.as_ref())?)?;
        Ok(Self { file: Some(file), ..Self::default() })
    }

    #[cfg(not(feature = "config-file"))]
    #[doc(hidden)]
    pub fn from_file<P>(_path: P) -> Result<Self, Error>
    where
        crate::features::Concur: crate::features::ReadsFiles<P>,
    {
        Ok(Self::default())
    }

    /// The driver of blocks that name none.
    pub fn driver(mut self, driver: Driver) -> Self {
        self.source.driver = Some(Choice::Driver(driver));
        self
    }

    /// Settings for one driver, which come before those for all.
    pub fn for_driver(
        mut self,
        driver: &Driver,
        settings: impl FnOnce(DriverConfig) -> DriverConfig,
    ) -> Self {
        let set = settings(DriverConfig::default());
        self.mistake = self.mistake.or(set.mistake);
        *self.source.options_mut(driver) = set.options;
        self
    }

    /// Makes this the configuration of runs that begin from now on, in place of the one before.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if a setting is not allowed, or the driver is
    /// neither built in nor registered; nothing is installed then.
    pub fn install(self) -> Result<(), Error> {
        if let Some(mistake) = self.mistake {
            return Err(mistake);
        }
        if let Some(Choice::Driver(driver)) = &self.source.driver {
            if Driver::from_name(driver.name()).is_none() {
                return Err(Error::config(format!(
                    "Config::driver: there is no driver `{driver}`: allowed are {}",
                    Driver::known_names()
                )));
            }
        }
        sources::install(Installed { file: self.file, code: self.source });
        Ok(())
    }
}
