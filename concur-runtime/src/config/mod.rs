//! Where the settings of a run and of its tasks come from, first found first: what is said of the task
//! itself, the methods of the block, the attribute of the task's function, the environment, a file, an
//! installed [`Config`], the defaults. Within a source, what is said for one driver comes before what is
//! said for all.

mod builder;
mod defer_log_level;
mod environment;
#[cfg(feature = "config-file")]
mod file;
mod known;
mod nearest;
mod sources;
#[cfg(test)]
mod tests;
mod when_full;

use std::sync::OnceLock;
use std::time::Duration;

pub use builder::{Config, DriverConfig};
pub use defer_log_level::DeferLogLevel;
use serde::{Deserialize, Serialize};
#[cfg(target_os = "linux")]
pub(crate) use sources::{Installed, inherit, inherited, install, installed};
pub use when_full::WhenFull;

use crate::driver::Driver;
use crate::error::Error;
use crate::size;

/// Settings as one source gives them: what it does not say is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Options {
    pub(crate) workers: Option<usize>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) deadline: Option<Duration>,
    pub(crate) tasks_per_worker: Option<u64>,
    pub(crate) async_tasks_per_worker: Option<usize>,
    pub(crate) isolated: Option<bool>,
    pub(crate) retries: Option<u32>,
    pub(crate) backoff: Option<Duration>,
    pub(crate) memory_limit: Option<u64>,
    pub(crate) queue_limit: Option<usize>,
    pub(crate) when_full: Option<WhenFull>,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) nested_limit: Option<u32>,
    pub(crate) fork_with_threads: Option<bool>,
    pub(crate) start_limit: Option<Duration>,
    pub(crate) defer_log_level: Option<DeferLogLevel>,
}

/// All that one source says: the driver, options for every driver, options for some.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Source {
    pub(crate) driver: Option<Choice>,
    pub(crate) all: Options,
    pub(crate) per_driver: Vec<(Driver, Options)>,
}

/// A driver that a source chooses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Choice {
    Driver(Driver),
    /// A name, and the place where it stands. It is looked up when it is asked for: whoever chooses by
    /// method does not care, and an engine may be registered later.
    Name {
        name: String,
        place: String,
    },
}

impl Choice {
    fn resolve(&self) -> Result<Driver, Error> {
        match self {
            Self::Driver(driver) => Ok(driver.clone()),
            Self::Name { name, place } => {
                Driver::from_name(name).ok_or_else(|| mistake(place, name, &Driver::known_names()))
            }
        }
    }
}

/// What is wrong with a value, where it stands, and what is allowed there.
fn mistake(place: &str, value: &str, allowed: &str) -> Error {
    Error::config(format!("{place}: `{value}` is not allowed: allowed is {allowed}"))
}

impl Source {
    fn options<'a>(&'a self, driver: &'a Driver) -> impl Iterator<Item = &'a Options> {
        let own = self.per_driver.iter().filter(move |(named, _)| named == driver);
        own.map(|(_, options)| options).chain(std::iter::once(&self.all))
    }

    /// The options of one driver, made if they are not there yet.
    fn options_mut(&mut self, driver: &Driver) -> &mut Options {
        let known = self.per_driver.iter().position(|(named, _)| named == driver);
        let at = known.unwrap_or_else(|| {
            self.per_driver.push((driver.clone(), Options::default()));
            self.per_driver.len() - 1
        });
        &mut self.per_driver[at].1
    }
}

/// What the methods of a block say.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Methods {
    pub(crate) driver: Option<Driver>,
    pub(crate) options: Options,
    pub(crate) limit: Option<usize>,
    /// Whether the terminal shows how far the run is.
    pub(crate) progress: bool,
}

/// What is said of one task in particular.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct TaskOptions {
    /// By `#[task(...)]`, or by methods of a `Task`: it comes before what the run says.
    pub(crate) own: Said,
    /// By the attribute of its function: it comes after.
    pub(crate) function: Said,
}

/// What one place says of a task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) driver: Option<Driver>,
    pub(crate) options: Options,
}

/// The settings of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) driver: Driver,
    /// As set; see [`Settings::workers`].
    pub(crate) set_workers: Option<usize>,
    pub(crate) limit: Option<usize>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) deadline: Option<Duration>,
    pub(crate) tasks_per_worker: Option<u64>,
    /// As set; see [`Settings::lanes`].
    pub(crate) async_tasks_per_worker: usize,
    pub(crate) isolated: bool,
    /// How many bytes each task may ask for.
    pub(crate) memory_limit: Option<u64>,
    /// How many tasks may wait for a worker of the driver.
    pub(crate) queue_limit: Option<usize>,
    pub(crate) when_full: WhenFull,
    /// How long a worker is kept without a task, where that is said.
    pub(crate) idle_timeout: Option<Duration>,
    /// How many more attempts a task gets after the first.
    pub(crate) retries: u32,
    /// The first pause between two attempts.
    pub(crate) backoff: Option<Duration>,
    pub(crate) nested_limit: u32,
    pub(crate) fork_with_threads: bool,
    /// A worker that has not taken its task after this time has not come up.
    pub(crate) start_limit: Duration,
    /// What of what deferred tasks record is in their log.
    pub(crate) defer_log_level: DeferLogLevel,
}

/// How deep blocks may be nested, unless a setting says otherwise.
const NESTED_LIMIT: u32 = 4;

/// How long a worker has to be ready, its hooks included, unless a setting says otherwise.
const START_LIMIT: Duration = Duration::from_secs(30);

/// So many async tasks share a worker at the most: each costs descriptors on both sides.
pub(crate) const MOST_LANES: usize = 128;

/// What may be said of it.
const LANES_ALLOWED: &str = "a whole number from 1 to 128";

impl Settings {
    /// Brings together what the sources say of a run.
    pub(crate) fn resolve(methods: &Methods) -> Result<Self, Error> {
        sources::with_all(|sources| Self::from_sources(methods, None, sources))
    }

    /// Brings together what the sources say of one task of a run.
    pub(crate) fn of_task(methods: &Methods, task: &TaskOptions) -> Result<Self, Error> {
        sources::with_all(|sources| Self::from_sources(methods, Some(task), sources))
    }

    fn from_sources(
        methods: &Methods,
        task: Option<&TaskOptions>,
        sources: &[&Source],
    ) -> Result<Self, Error> {
        if methods.limit == Some(0) {
            return Err(Error::config(
                "method `limit`: `0` tasks at once would never finish: allowed is 1 or more",
            ));
        }
        if let Some(count) = methods.options.async_tasks_per_worker {
            if !(1..=MOST_LANES).contains(&count) {
                return Err(Error::config(format!(
                    "method `async_tasks_per_worker`: `{count}` is not allowed: allowed is {LANES_ALLOWED}"
                )));
            }
        }
        let (own, function) = (task.map(|task| &task.own), task.map(|task| &task.function));
        for options in own.map(|own| &own.options).into_iter().chain([&methods.options]) {
            options.refuse_too_little()?;
        }
        let said = own.and_then(|own| own.driver.as_ref()).or(methods.driver.as_ref());
        let said = said.or_else(|| function.and_then(|function| function.driver.as_ref()));
        let chosen = sources.iter().find_map(|source| source.driver.as_ref());
        let driver = match (said, chosen) {
            (Some(driver), _) => driver.clone(),
            (None, Some(chosen)) => chosen.resolve()?,
            (None, None) => Driver::default(),
        };
        let mut layers: Vec<&Options> = Vec::with_capacity(16);
        layers.extend(own.map(|own| &own.options));
        layers.push(&methods.options);
        layers.extend(function.map(|function| &function.options));
        layers.extend(sources.iter().flat_map(|source| source.options(&driver)));
        Ok(Self {
            set_workers: first(&layers, |from| from.workers),
            limit: methods.limit,
            timeout: first(&layers, |from| from.timeout),
            deadline: first(&layers, |from| from.deadline),
            tasks_per_worker: first(&layers, |from| from.tasks_per_worker),
            async_tasks_per_worker: first(&layers, |from| from.async_tasks_per_worker).unwrap_or(1),
            isolated: first(&layers, |from| from.isolated).unwrap_or(false),
            memory_limit: first(&layers, |from| from.memory_limit),
            queue_limit: first(&layers, |from| from.queue_limit),
            when_full: first(&layers, |from| from.when_full).unwrap_or_default(),
            idle_timeout: first(&layers, |from| from.idle_timeout),
            retries: first(&layers, |from| from.retries).unwrap_or(0),
            backoff: first(&layers, |from| from.backoff),
            nested_limit: first(&layers, |from| from.nested_limit).unwrap_or(NESTED_LIMIT),
            fork_with_threads: first(&layers, |from| from.fork_with_threads).unwrap_or(false),
            start_limit: first(&layers, |from| from.start_limit).unwrap_or(START_LIMIT),
            defer_log_level: first(&layers, |from| from.defer_log_level).unwrap_or_default(),
            driver,
        })
    }

    /// Whether a task needs a worker that has run nothing before and runs nothing after.
    pub(crate) fn wants_own_worker(&self) -> bool {
        self.isolated || self.memory_limit.is_some()
    }

    /// So many workers there are at the most. Counting processors reads files, so it is done when a
    /// second task asks, while the first one's worker comes up.
    pub(crate) fn workers(&self) -> usize {
        self.set_workers.unwrap_or_else(default_workers)
    }

    /// So many tasks of a kind share a worker. Only async ones do, and none that has a worker for itself.
    pub(crate) fn lanes(&self, is_async: bool) -> usize {
        let may_share = cfg!(feature = "tokio") && is_async && !self.wants_own_worker();
        if may_share && self.driver == Driver::Process { self.async_tasks_per_worker } else { 1 }
    }

    /// Whether one more task of a run may be under way, where so many share a worker.
    pub(crate) fn has_room_beside(&self, active: usize, lanes: usize) -> bool {
        let is_allowed = || self.limit.is_none_or(|limit| active < limit);
        active == 0 || (is_allowed() && active < self.workers().saturating_mul(lanes))
    }
}

impl Options {
    /// Methods take any duration and any size; some would leave a task nothing at all.
    fn refuse_too_little(&self) -> Result<(), Error> {
        if let Some(limit) = self.memory_limit.filter(|limit| *limit < size::LEAST_LIMIT) {
            return Err(Error::config(format!(
                "method `memory_limit`: `{}` is not allowed: allowed is {} or more",
                size::Spelled(limit),
                size::Spelled(size::LEAST_LIMIT)
            )));
        }
        for (method, duration) in [("timeout", self.timeout), ("deadline", self.deadline)] {
            if duration.is_some_and(|duration| duration.is_zero()) {
                return Err(Error::config(format!(
                    "method `{method}`: `0s` leaves no time at all: allowed is a duration above zero"
                )));
            }
        }
        Ok(())
    }
}

fn first<T>(layers: &[&Options], pick: impl Fn(&Options) -> Option<T>) -> Option<T> {
    layers.iter().find_map(|options| pick(options))
}

/// As many as the process may use processors (affinity and cgroups counted).
pub(crate) fn default_workers() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT
        .get_or_init(|| std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get))
}
