//! Where the settings of a run and of its tasks come from, first found first: what is said of the task
//! itself, the methods of the block, the attribute of the task's function, the environment, an installed
//! [`Config`], the defaults. Within a source, what is said for one driver comes before what is said for
//! all.

mod builder;
mod environment;

use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

pub use builder::{Config, DriverConfig};
use serde::{Deserialize, Serialize};

use crate::driver::Driver;
use crate::error::Error;

/// Settings as one source gives them: what it does not say is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Options {
    pub(crate) workers: Option<usize>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) deadline: Option<Duration>,
    pub(crate) tasks_per_worker: Option<u64>,
    pub(crate) isolated: Option<bool>,
    pub(crate) retries: Option<u32>,
    pub(crate) backoff: Option<Duration>,
    pub(crate) memory_limit: Option<u64>,
    pub(crate) nested_limit: Option<u32>,
    pub(crate) fork_with_threads: Option<bool>,
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
    /// A name in the environment. It is looked up when it is asked for: whoever chooses by method
    /// does not care, and an engine may be registered later.
    Name(String),
}

impl Choice {
    fn resolve(&self) -> Result<Driver, Error> {
        match self {
            Self::Driver(driver) => Ok(driver.clone()),
            Self::Name(name) => environment::driver(name),
        }
    }
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
    pub(crate) isolated: bool,
    /// How many more attempts a task gets after the first.
    pub(crate) retries: u32,
    /// The first pause between two attempts.
    pub(crate) backoff: Option<Duration>,
    pub(crate) nested_limit: u32,
    pub(crate) fork_with_threads: bool,
}

/// How deep blocks may be nested, unless a setting says otherwise.
const NESTED_LIMIT: u32 = 4;

/// The installed configuration.
static INSTALLED: RwLock<Option<Arc<Source>>> = RwLock::new(None);

pub(crate) fn install(source: Source) {
    *INSTALLED.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(source));
}

/// The configuration that is installed, for a process that carries on for this one.
#[cfg(target_os = "linux")]
pub(crate) fn installed() -> Option<Source> {
    INSTALLED.read().unwrap_or_else(PoisonError::into_inner).as_deref().cloned()
}

/// The environment, read when the first run asks. A mistake in it fails every run.
fn environment() -> Result<&'static Source, Error> {
    static READ: OnceLock<Result<Source, Error>> = OnceLock::new();
    READ.get_or_init(|| environment::read(|name| std::env::var_os(name)))
        .as_ref()
        .map_err(Clone::clone)
}

impl Settings {
    /// Brings together what the sources say of a run.
    pub(crate) fn resolve(methods: &Methods) -> Result<Self, Error> {
        let installed = INSTALLED.read().unwrap_or_else(PoisonError::into_inner).clone();
        Self::from_sources(methods, None, environment()?, installed.as_deref())
    }

    /// Brings together what the sources say of one task of a run.
    pub(crate) fn of_task(methods: &Methods, task: &TaskOptions) -> Result<Self, Error> {
        let installed = INSTALLED.read().unwrap_or_else(PoisonError::into_inner).clone();
        Self::from_sources(methods, Some(task), environment()?, installed.as_deref())
    }

    fn from_sources(
        methods: &Methods,
        task: Option<&TaskOptions>,
        environment: &Source,
        installed: Option<&Source>,
    ) -> Result<Self, Error> {
        if methods.limit == Some(0) {
            return Err(Error::config(
                "method `limit`: `0` tasks at once would never finish: allowed is 1 or more",
            ));
        }
        let (own, function) = (task.map(|task| &task.own), task.map(|task| &task.function));
        for options in own.map(|own| &own.options).into_iter().chain([&methods.options]) {
            options.refuse_no_time()?;
        }
        let said = own.and_then(|own| own.driver.as_ref()).or(methods.driver.as_ref());
        let said = said.or_else(|| function.and_then(|function| function.driver.as_ref()));
        let chosen = environment.driver.as_ref();
        let chosen = chosen.or_else(|| installed.and_then(|source| source.driver.as_ref()));
        let driver = match (said, chosen) {
            (Some(driver), _) => driver.clone(),
            (None, Some(chosen)) => chosen.resolve()?,
            (None, None) => Driver::default(),
        };
        let mut layers: Vec<&Options> = Vec::with_capacity(8);
        layers.extend(own.map(|own| &own.options));
        layers.push(&methods.options);
        layers.extend(function.map(|function| &function.options));
        layers.extend(environment.options(&driver));
        layers.extend(installed.into_iter().flat_map(|source| source.options(&driver)));
        Ok(Self {
            set_workers: first(&layers, |from| from.workers),
            limit: methods.limit,
            timeout: first(&layers, |from| from.timeout),
            deadline: first(&layers, |from| from.deadline),
            tasks_per_worker: first(&layers, |from| from.tasks_per_worker),
            isolated: first(&layers, |from| from.isolated).unwrap_or(false),
            retries: first(&layers, |from| from.retries).unwrap_or(0),
            backoff: first(&layers, |from| from.backoff),
            nested_limit: first(&layers, |from| from.nested_limit).unwrap_or(NESTED_LIMIT),
            fork_with_threads: first(&layers, |from| from.fork_with_threads).unwrap_or(false),
            driver,
        })
    }

    /// So many workers there are at the most. Counting processors reads files, so it is done when a
    /// second task asks, while the first one's worker comes up.
    pub(crate) fn workers(&self) -> usize {
        self.set_workers.unwrap_or_else(default_workers)
    }

    /// Whether one more task of a run may be under way.
    pub(crate) fn has_room_beside(&self, active: usize) -> bool {
        active == 0 || (self.limit.is_none_or(|limit| active < limit) && active < self.workers())
    }
}

impl Options {
    /// Methods take any duration; none may be zero.
    fn refuse_no_time(&self) -> Result<(), Error> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Source, Error> {
        environment::read(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.into())
        })
    }

    #[test]
    fn methods_come_before_the_environment_and_that_before_the_installed_config() {
        let environment = read(&[("CONCUR_DRIVER", "thread"), ("CONCUR_TIMEOUT", "2s")]).unwrap();
        let mut installed =
            Source { driver: Some(Choice::Driver(Driver::Sync)), ..Source::default() };
        installed.all.timeout = Some(Duration::from_secs(9));
        installed.all.workers = Some(7);
        let mut methods = Methods::default();
        let settings =
            Settings::from_sources(&methods, None, &environment, Some(&installed)).unwrap();
        assert_eq!(settings.driver, Driver::Thread);
        assert_eq!(settings.timeout, Some(Duration::from_secs(2)));
        assert_eq!(settings.workers(), 7);
        methods.driver = Some(Driver::Fork);
        methods.options.timeout = Some(Duration::from_millis(5));
        let settings =
            Settings::from_sources(&methods, None, &environment, Some(&installed)).unwrap();
        assert_eq!(settings.driver, Driver::Fork);
        assert_eq!(settings.timeout, Some(Duration::from_millis(5)));
    }

    #[test]
    fn what_is_said_for_a_driver_comes_before_what_is_said_for_all() {
        let environment = read(&[("CONCUR_WORKERS", "3"), ("CONCUR_THREAD_WORKERS", "5")]).unwrap();
        let mut methods = Methods { driver: Some(Driver::Thread), ..Methods::default() };
        let workers = |methods: &Methods| {
            Settings::from_sources(methods, None, &environment, None).unwrap().workers()
        };
        assert_eq!(workers(&methods), 5);
        methods.driver = Some(Driver::Process);
        assert_eq!(workers(&methods), 3);
    }

    #[test]
    fn a_mistake_names_the_place_the_value_and_what_is_allowed() {
        for (name, value, allowed) in [
            ("CONCUR_WORKERS", "0", "from 1"),
            ("CONCUR_WORKERS", "many", "from 1"),
            ("CONCUR_TIMEOUT", "5", "`250ms`"),
            ("CONCUR_FORK_DEADLINE", "soon", "`250ms`"),
            ("CONCUR_TASKS_PER_WORKER", "-1", "from 1"),
            ("CONCUR_ISOLATED", "maybe", "`true`"),
            ("CONCUR_NESTED_LIMIT", "0", "from 1"),
        ] {
            let message = read(&[(name, value)]).expect_err(name).to_string();
            for part in [name, value, allowed] {
                assert!(message.contains(part), "{message:?} should name {part:?}");
            }
        }
    }

    #[test]
    fn an_unknown_driver_is_an_error_for_those_who_ask_for_it() {
        let environment = read(&[("CONCUR_DRIVER", "warp")]).unwrap();
        let err = Settings::from_sources(&Methods::default(), None, &environment, None)
            .expect_err("there is no such driver");
        for part in ["CONCUR_DRIVER", "warp", "`process`"] {
            assert!(err.to_string().contains(part), "{err} should name {part:?}");
        }
        let methods = Methods { driver: Some(Driver::Sync), ..Methods::default() };
        assert!(Settings::from_sources(&methods, None, &environment, None).is_ok());
    }

    #[test]
    fn zero_is_refused_by_methods_as_well() {
        let environment = Source::default();
        let methods = Methods { limit: Some(0), ..Methods::default() };
        let err =
            Settings::from_sources(&methods, None, &environment, None).expect_err("no limit of 0");
        assert!(err.to_string().contains("`limit`"), "{err}");
    }
}
