//! What a user gets when a run does not succeed: one [`Error`] for a run, one [`TaskError`] for each
//! task that failed in it. Code matches on [`ErrorKind`], people read the text.

mod describe;
mod hint;
mod kind;
mod panic_info;
mod task_error;

use std::fmt;

pub use kind::ErrorKind;
pub use panic_info::PanicInfo;
pub use task_error::TaskError;

#[cfg(target_os = "linux")]
pub(crate) use describe::how;

#[cfg(target_os = "linux")]
use crate::codec::{self, CodecError};

/// Why a run failed.
///
/// Its text is one line that names the task and says what happened; [`kind`](Error::kind) is what
/// code matches; [`failures`](Error::failures) holds every failure that was seen, the one that leads
/// first. `Debug` prints the same for a person, with the source chain and a panic's backtrace, so
/// that an error returned from `main` can be read.
///
/// # Examples
///
/// ```
/// use concur::{concurrent, ErrorKind};
///
/// let err = concurrent! {
///     count => "many".parse::<u32>()?,
/// }
/// .run()
/// .unwrap_err();
/// assert_eq!(err.kind(), ErrorKind::Failed);
/// assert_eq!(err.task(), Some("count"));
/// assert!(err.to_string().starts_with("task `count` failed: invalid digit"));
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
enum Inner {
    /// Tasks failed; never empty.
    Tasks(Vec<TaskError>),
    /// The run never came to its tasks, or could not go on with them.
    Run { kind: ErrorKind, message: String, failures: Vec<TaskError> },
}

/// The most bytes of failures that travel as one error.
#[cfg(target_os = "linux")]
const LARGEST_DATA: usize = 48 * 1024;

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner::Run { kind, message: message.into(), failures: Vec::new() }))
    }

    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    pub(crate) fn of_tasks(failures: Vec<TaskError>) -> Self {
        debug_assert!(!failures.is_empty(), "a run fails because something failed");
        Self(Box::new(Inner::Tasks(failures)))
    }

    pub(crate) fn with_failures(mut self, more: Vec<TaskError>) -> Self {
        if let Inner::Run { failures, .. } = &mut *self.0 {
            *failures = more;
        }
        self
    }

    /// This error as data that fits into a frame: the first failures, without backtraces.
    #[cfg(target_os = "linux")]
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let run = match &*self.0 {
            Inner::Run { kind, message, .. } => Some((*kind, message.clone())),
            Inner::Tasks(_) => None,
        };
        let mut room = LARGEST_DATA;
        let failures = self.failures().iter().filter_map(|failure| failure.to_data().ok());
        let failures: Vec<Vec<u8>> = failures
            .take_while(|data| {
                room = room.saturating_sub(data.len() + 16);
                room > 0
            })
            .collect();
        codec::to_vec(&(run, failures)).unwrap_or_default()
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        type Data = (Option<(ErrorKind, String)>, Vec<Vec<u8>>);
        let read = || {
            let (run, failures): Data = codec::decode_all(bytes)?;
            let failures = failures.iter().map(|data| TaskError::from_data(data));
            Ok::<_, CodecError>((run, failures.collect::<Result<Vec<_>, _>>()?))
        };
        match read() {
            Ok((Some((kind, message)), failures)) => {
                Self::new(kind, message).with_failures(failures)
            }
            Ok((None, failures)) if !failures.is_empty() => Self::of_tasks(failures),
            Ok((None, _)) => {
                Self::new(ErrorKind::Failed, "tasks failed with errors that are too long")
            }
            Err(err) => {
                Self::new(ErrorKind::Decode, format!("an error came that cannot be read: {err}"))
            }
        }
    }

    /// What happened, for code to match on: the kind of the failure that leads.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.read();
        match &*self.0 {
            Inner::Tasks(failures) => failures.first().map_or(ErrorKind::Failed, TaskError::kind),
            Inner::Run { kind, .. } => *kind,
        }
    }

    /// The name of the task that failed first; `None` when the run itself could not start.
    #[must_use]
    pub fn task(&self) -> Option<&str> {
        self.read();
        match &*self.0 {
            Inner::Tasks(failures) => failures.first().map(TaskError::task),
            Inner::Run { .. } => None,
        }
    }

    /// Every failure that was seen, the first one first. Tasks that were cancelled because another
    /// one had failed are not among them.
    #[must_use]
    pub fn failures(&self) -> &[TaskError] {
        match &*self.0 {
            Inner::Tasks(failures) | Inner::Run { failures, .. } => failures,
        }
    }

    /// Somebody reads what happened: see [`TaskError::read`].
    fn read(&self) {
        self.failures().iter().for_each(TaskError::read);
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.read();
        match &*self.0 {
            Inner::Run { message, .. } => f.write_str(message),
            Inner::Tasks(failures) => {
                let Some(first) = failures.first() else { return f.write_str("a task failed") };
                write!(f, "{first}")?;
                match failures.len() - 1 {
                    0 => Ok(()),
                    1 => f.write_str(" (and 1 more task failed)"),
                    more => write!(f, " (and {more} more tasks failed)"),
                }
            }
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        describe::causes(self, f)?;
        describe::advice(self.failures().first().and_then(TaskError::hint), f)?;
        for (index, failure) in self.failures().iter().enumerate() {
            if index > 0 {
                write!(f, "\nalso: {failure:?}")?;
            } else {
                describe::backtrace(failure.panic(), f)?;
                describe::earlier(failure.earlier(), f)?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.0 {
            Inner::Tasks(failures) => failures.first().and_then(std::error::Error::source),
            Inner::Run { .. } => None,
        }
    }
}

impl From<TaskError> for Error {
    fn from(err: TaskError) -> Self {
        Self::of_tasks(vec![err])
    }
}
