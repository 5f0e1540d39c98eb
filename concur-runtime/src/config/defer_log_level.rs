//! Which of what deferred tasks record is in their log.

use serde::{Deserialize, Serialize};

/// Which of what deferred tasks record for `tracing` and `log` stands in the log of deferred work: that
/// of this level, and what is more severe. See [`Config::defer_log_level`](crate::Config::defer_log_level).
///
/// # Examples
///
/// ```
/// use concur::{Config, DeferLogLevel};
///
/// Config::new().defer_log_level(DeferLogLevel::Debug).install()?;
/// # Config::new().install()?;
/// # Ok::<(), concur::Error>(())
/// ```
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[non_exhaustive]
pub enum DeferLogLevel {
    /// Nothing that they record; what became of them is there all the same.
    Off,
    /// Errors.
    Error,
    /// Warnings, and what is above.
    Warn,
    /// What is of interest to who runs the program, and what is above.
    #[default]
    Info,
    /// What is of interest to who writes it, and what is above.
    Debug,
    /// Everything.
    Trace,
}

impl DeferLogLevel {
    /// What it may be called, for messages.
    pub(super) const ALLOWED: &str = "`off`, `error`, `warn`, `info`, `debug` or `trace`";

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "off" => Self::Off,
            "error" => Self::Error,
            "warn" => Self::Warn,
            "info" => Self::Info,
            "debug" => Self::Debug,
            "trace" => Self::Trace,
            _ => return None,
        })
    }

    /// From 0 for nothing to 5 for everything, as they stand above and as `forward` counts levels.
    #[cfg(all(target_os = "linux", feature = "forward"))]
    pub(crate) const fn number(self) -> u8 {
        self as u8
    }
}
