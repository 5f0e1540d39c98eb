//! The kinds of errors, for code to match on.

use std::fmt;

/// What happened to a task or a run.
///
/// # Examples
///
/// ```
/// use concur::ErrorKind;
///
/// fn worth_another_try(kind: ErrorKind) -> bool {
///     matches!(kind, ErrorKind::TimedOut | ErrorKind::Killed | ErrorKind::Exited)
/// }
/// assert!(worth_another_try(ErrorKind::Killed));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The task returned an error by `?`.
    Failed,
    /// The task panicked.
    Panicked,
    /// A timeout or the deadline passed; the task was stopped.
    TimedOut,
    /// The worker was killed by a signal: a crash, an abort, a stack overflow, a `kill`.
    Killed,
    /// The worker ended by `exit` before the task gave its result.
    Exited,
    /// An allocation failed in the task.
    OutOfMemory,
    /// The task was cancelled before it ended.
    Cancelled,
    /// Arguments or a result could not be encoded.
    Encode,
    /// Arguments or a result could not be decoded.
    Decode,
    /// No worker could be started, or a hook that it needs did not end well.
    Start,
    /// There is no room: blocks are nested too deep, or a bound was reached.
    Overloaded,
    /// A setting is wrong.
    Config,
    /// The driver or what was asked of it does not work here.
    Unsupported,
    /// The driver Fork was asked for in a process with more than one thread.
    ForkUnsafe,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failed => "failed",
            Self::Panicked => "panicked",
            Self::TimedOut => "timed out",
            Self::Killed => "killed",
            Self::Exited => "exited",
            Self::OutOfMemory => "out of memory",
            Self::Cancelled => "cancelled",
            Self::Encode => "not encodable",
            Self::Decode => "not decodable",
            Self::Start => "not started",
            Self::Overloaded => "overloaded",
            Self::Config => "misconfigured",
            Self::Unsupported => "unsupported",
            Self::ForkUnsafe => "fork unsafe",
        })
    }
}
