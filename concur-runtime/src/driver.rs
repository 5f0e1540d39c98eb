//! Where tasks run, as a user chooses it: by value, or by name.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::engine;
use crate::error::Error;

/// The choice of where tasks run.
///
/// A driver is chosen, first found first, by `#[task(driver = "...")]`, by the method `driver` on a
/// block, by the attribute of a function, by the environment (`CONCUR_DRIVER`), by a file, by an
/// installed [`Config`](crate::Config), and is `Process` otherwise. As text it is the name in lower
/// case.
///
/// # Examples
///
/// ```
/// use concur::Driver;
///
/// assert_eq!(Driver::default(), Driver::Process);
/// assert_eq!("fork".parse::<Driver>()?, Driver::Fork);
/// assert_eq!(Driver::Sync.to_string(), "sync");
/// assert!("warp".parse::<Driver>().is_err());
/// # Ok::<(), concur::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Driver {
    /// A warm worker process, forked from a small fork server that executes this binary again.
    /// Always right.
    #[default]
    Process,
    /// A fork of the calling process itself: the task sees the caller's memory as it is. Only while
    /// the caller has a single thread.
    Fork,
    /// A thread of the calling process: cannot be killed, does not survive a crash.
    Thread,
    /// The calling thread, one task after the other: for tests and debugging.
    Sync,
    /// An engine that was registered under this name; see
    /// [`register_engine`](crate::register_engine).
    Named(Cow<'static, str>),
}

impl Driver {
    /// The drivers that are always there.
    pub(crate) const BUILT_IN: [Self; 4] = [Self::Process, Self::Fork, Self::Thread, Self::Sync];

    /// The name, as it stands in the environment and in configuration.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Process => "process",
            Self::Fork => "fork",
            Self::Thread => "thread",
            Self::Sync => "sync",
            Self::Named(name) => name,
        }
    }

    /// All names that can be chosen now, for messages.
    pub(crate) fn known_names() -> String {
        let built_in = Self::BUILT_IN.iter().map(|driver| driver.name().to_owned());
        let names: Vec<String> =
            built_in.chain(engine::registered_names()).map(|name| format!("`{name}`")).collect();
        names.join(", ")
    }

    /// Reads a name; engines of one's own are known once they are registered.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        let built_in = Self::BUILT_IN.into_iter().find(|driver| driver.name() == name);
        built_in.or_else(|| {
            engine::find(name).is_some().then(|| Self::Named(Cow::Owned(name.to_owned())))
        })
    }
}

impl fmt::Display for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Driver {
    type Err = Error;

    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) for a name that is neither built in nor
    /// registered; the message lists those that are.
    fn from_str(name: &str) -> Result<Self, Error> {
        Self::from_name(name).ok_or_else(|| {
            Error::config(format!(
                "there is no driver `{name}`: allowed are {}",
                Self::known_names()
            ))
        })
    }
}
