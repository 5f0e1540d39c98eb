//! What happens to a task for which there is no room in the queue.

use serde::{Deserialize, Serialize};

/// What happens when as many tasks as [`queue_limit`](crate::Config::queue_limit) allows wait for a
/// worker already.
///
/// # Examples
///
/// ```
/// use concur::{Config, WhenFull};
///
/// // A service that would rather say no than be late.
/// Config::new().workers(4).queue_limit(100).when_full(WhenFull::Fail).install()?;
/// # Config::new().install()?;
/// # Ok::<(), concur::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum WhenFull {
    /// A run keeps its tasks back, but for one, until there is room again.
    #[default]
    Wait,
    /// A run that begins fails as [`Overloaded`](crate::ErrorKind::Overloaded). One that was let in goes
    /// on, and keeps its tasks back as with `Wait`.
    Fail,
}

impl WhenFull {
    /// What it may be called, for messages.
    pub(super) const ALLOWED: &str = "`wait` or `fail`";

    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name {
            "wait" => Some(Self::Wait),
            "fail" => Some(Self::Fail),
            _ => None,
        }
    }
}
