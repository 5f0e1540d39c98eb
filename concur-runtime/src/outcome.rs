//! What became of one attempt at a task, before it is told to a person.
//!
//! An [`Ending`] is what the side that ran the task says. An [`Outcome`] adds what only the caller
//! sees: deaths, timeouts, cancellation. `error` turns an outcome into words.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::PanicInfo;
use crate::hooks::failure::HookFailure;
use crate::task::failure::Report;

/// How a call of an entry point ended, as the side that ran it tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Ending {
    /// The result follows.
    Done,
    /// The task failed by `?`.
    Failed(Report),
    /// The task panicked.
    Panicked(PanicInfo),
    /// The captures could not be decoded.
    Undecodable(String),
    /// The result could not be encoded.
    Unencodable(String),
    /// The task was not run: what was asked for around it cannot be had.
    Refused(String),
    /// The task was told to stop, and its future was dropped.
    Dropped,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Death {
    /// It called `exit` with this code.
    Exited(i32),
    /// It was killed by this signal.
    Signalled(i32),
    /// Nobody could tell: another part of the program took its status.
    Unknown,
}

impl Death {
    /// From what `waitpid` says.
    #[cfg(target_os = "linux")]
    pub(crate) fn from_status(status: i32) -> Self {
        if libc::WIFEXITED(status) {
            Self::Exited(libc::WEXITSTATUS(status))
        } else if libc::WIFSIGNALED(status) {
            Self::Signalled(libc::WTERMSIG(status))
        } else {
            Self::Unknown
        }
    }
}

/// What a dying process could still say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LastWords {
    /// The stack of the task overflowed.
    StackOverflow,
    /// An allocation failed.
    FailedAllocation,
    /// A panic that may not unwind.
    Panicked(Box<PanicInfo>),
}

/// Which limit was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// The task's own timeout.
    Timeout(Duration),
    /// The deadline of the run.
    Deadline,
}

/// How a task came to its end that was out of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It was killed.
    Killed,
    /// It ended by itself: it was told to, looked at the clock, or was done too late.
    Ended,
    /// Its future was dropped.
    Dropped,
    /// It never began, or cannot be stopped and was left behind.
    Left,
}

/// What became of one attempt at a task.
///
/// Made by [`Job::run`](crate::Job::run); an [`Engine`](crate::Engine) hands it back as it is, or
/// says that the task never got there ([`Outcome::not_started`]), or what became of it is not known
/// ([`Outcome::lost`]).
#[derive(Debug)]
pub struct Outcome {
    pub(crate) end: End,
    pub(crate) elapsed: Duration,
    pub(crate) pid: Option<u32>,
    pub(crate) may_have_run: bool,
}

/// The kinds of outcomes.
#[derive(Debug)]
pub(crate) enum End {
    Done(ResultBytes),
    Failed(Report),
    Panicked(PanicInfo),
    Undecodable(String),
    Unencodable(String),
    /// The arguments could not be encoded: nothing was sent.
    NotSent(String),
    Died {
        death: Death,
        words: Option<LastWords>,
        /// How many bytes the task could ask for, where that was limited.
        memory_limit: Option<u64>,
        /// So many other tasks ran in the same process.
        beside: usize,
    },
    /// The worker went down with the fork server, and how that ended.
    Lost(String),
    TimedOut(Limit, Stop),
    /// It was told to stop, and its future was dropped.
    Dropped,
    Cancelled,
    /// No worker could be had, and why.
    NotStarted(String),
    /// So many tasks may wait for a worker, and do.
    Overloaded {
        limit: usize,
    },
    /// No worker could be had: a hook failed, died or hung.
    Hook(Box<HookFailure>),
    /// The bytes of the result could not be read back.
    Unreadable(String),
    /// What is said of this task is not allowed.
    Misconfigured(crate::error::Error),
    Unsupported(String),
    ForkUnsafe(String),
    /// A fake says it.
    #[cfg(feature = "testing")]
    Told(crate::testing::Told),
}

impl Outcome {
    /// The outcome of a task that an engine could not bring to where it should have run: it has not run,
    /// for certain, and is not tried again.
    ///
    /// The run reports it as [`ErrorKind::Start`](crate::ErrorKind::Start) with this reason.
    pub fn not_started(reason: impl Into<String>) -> Self {
        Self::not_run(End::NotStarted(reason.into()))
    }

    /// The outcome of a task that an engine has lost sight of: it may have run, in part or whole, and is
    /// tried again where the task has `retries`.
    ///
    /// The run reports it as [`ErrorKind::Killed`](crate::ErrorKind::Killed) with this reason.
    pub fn lost(reason: impl Into<String>) -> Self {
        Self { may_have_run: true, ..Self::not_run(End::Lost(reason.into())) }
    }

    pub(crate) fn not_run(end: End) -> Self {
        Self { end, elapsed: Duration::ZERO, pid: None, may_have_run: false }
    }

    /// That of a task that was told to stop because it was out of time, as it is known when it is gone.
    pub(crate) fn out_of_time(&mut self, limit: Limit) {
        let stop = match &self.end {
            End::Died { .. } | End::Lost(_) => Stop::Killed,
            End::Dropped => Stop::Dropped,
            End::Cancelled | End::NotStarted(_) => Stop::Left,
            _ => Stop::Ended,
        };
        self.end = End::TimedOut(limit, stop);
    }

    /// The outcome of an ending that was reported from `pid`, with the result's bytes.
    pub(crate) fn of(
        ending: Ending,
        result: impl FnOnce() -> ResultBytes,
        elapsed: Duration,
        pid: u32,
    ) -> Self {
        let end = match ending {
            Ending::Done => End::Done(result()),
            Ending::Failed(report) => End::Failed(report),
            Ending::Panicked(info) => End::Panicked(info),
            Ending::Undecodable(reason) => End::Undecodable(reason),
            Ending::Unencodable(reason) => End::Unencodable(reason),
            Ending::Refused(reason) => {
                return Self { pid: Some(pid), ..Self::not_run(End::NotStarted(reason)) };
            }
            Ending::Dropped => End::Dropped,
        };
        Self { end, elapsed, pid: Some(pid), may_have_run: true }
    }
}

/// The bytes of a result, wherever they lie; dropping them gives back what holds them.
pub(crate) struct ResultBytes(Box<dyn AsRef<[u8]> + Send>);

impl ResultBytes {
    pub(crate) fn new(holder: impl AsRef<[u8]> + Send + 'static) -> Self {
        Self(Box::new(holder))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        (*self.0).as_ref()
    }
}

impl fmt::Debug for ResultBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.bytes().len())
    }
}
