//! What a panic said.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A panic of a task: its message, its place and the stack it happened on.
///
/// # Examples
///
/// ```
/// use concur::concurrent;
///
/// let err = concurrent! { boom => if true { panic!("no luck") } }.run().unwrap_err();
/// let panic = err.failures()[0].panic().unwrap();
/// assert_eq!(panic.message(), "no luck");
/// println!("{}:{}", panic.file().unwrap_or("?"), panic.line().unwrap_or(0));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PanicInfo {
    pub(crate) message: String,
    pub(crate) file: Option<String>,
    pub(crate) line: Option<u32>,
    pub(crate) column: Option<u32>,
    pub(crate) thread: Option<String>,
    pub(crate) backtrace: Option<String>,
}

impl PanicInfo {
    pub(crate) fn from_message(message: String) -> Self {
        Self { message, file: None, line: None, column: None, thread: None, backtrace: None }
    }

    /// What was passed to `panic!`, or a note that the payload was no string.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The source file of the panic.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The line in that file, from 1.
    #[must_use]
    pub fn line(&self) -> Option<u32> {
        self.line
    }

    /// The column in that line, from 1.
    #[must_use]
    pub fn column(&self) -> Option<u32> {
        self.column
    }

    /// The stack of the panic as text. `None` with `RUST_BACKTRACE=0`, or where the panic hook of
    /// the program was replaced under drivers Sync and Thread.
    #[must_use]
    pub fn backtrace(&self) -> Option<&str> {
        self.backtrace.as_deref()
    }
}

impl fmt::Display for PanicInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match (&self.file, self.line, self.column) {
            (Some(file), Some(line), Some(column)) => write!(f, ", at {file}:{line}:{column}"),
            (Some(file), Some(line), None) => write!(f, ", at {file}:{line}"),
            _ => Ok(()),
        }
    }
}
