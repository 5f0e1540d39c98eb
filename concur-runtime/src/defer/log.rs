//! The log of deferred work, in the file that `CONCUR_DEFER_LOG` names: what each line of it looks like.
//!
//! A task has one line that says what became of it, and before it may have lines for attempts that are
//! tried again, and for what it records. Knows nothing of runs; [`report`](super::report) says what to
//! write, and when.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use super::Names;
use crate::duration::Spelled;
use crate::error::{Error, ErrorKind, TaskError};
#[cfg(all(target_os = "linux", feature = "forward"))]
use crate::forward::Spoken;

/// The variable that names the file.
const VARIABLE: &str = "CONCUR_DEFER_LOG";

/// A file that lines are appended to, or nothing.
#[derive(Debug)]
pub(crate) struct Log {
    file: Option<Mutex<File>>,
}

/// What a line is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About {
    pub(crate) deferral: u64,
    /// The place of the task in its deferral, where other tasks of it have the same name.
    pub(crate) item: Option<usize>,
}

/// How far a task had come that neither succeeded nor failed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cut {
    /// It had not begun.
    NotStarted,
    /// It had failed, and was to be tried again.
    Between,
    /// It ran, for so long and in this process.
    Running(Duration, Option<u32>),
}

impl Log {
    /// Opens the file that the environment names, if it names one; made if it is not there, for its
    /// owner alone to read.
    pub(crate) fn open() -> Result<Option<File>, Error> {
        let Some(path) = std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) else {
            return Ok(None);
        };
        let path = PathBuf::from(path);
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&path).map(Some).map_err(|err| {
            Error::config(format!(
                "environment variable {VARIABLE}: `{}` cannot be opened for deferred work: {err}",
                path.display()
            ))
        })
    }

    pub(crate) fn to(file: Option<File>) -> Self {
        Self { file: file.map(Mutex::new) }
    }

    pub(crate) fn is_kept(&self) -> bool {
        self.file.is_some()
    }

    /// A task ended well.
    pub(crate) fn done(&self, about: About, task: &str) {
        self.line(about, format_args!("task `{task}` is done"));
    }

    /// A task failed for good.
    pub(crate) fn failed(&self, about: About, err: &TaskError) {
        let end = match err.kind() {
            _ if err.may_have_run() => format!(", after {}", Spelled(err.elapsed())),
            // The others say so themselves.
            ErrorKind::TimedOut | ErrorKind::Cancelled => ": it never started".to_owned(),
            _ => String::new(),
        };
        self.failure(about, err, &end);
    }

    /// A task failed, and is tried again.
    pub(crate) fn again(&self, about: About, err: &TaskError, next: u32, pause: Duration) {
        let after = Spelled(err.elapsed());
        let pause = match pause.as_millis() {
            0 => String::new(),
            _ => format!(" in {}", Spelled(pause)),
        };
        self.failure(about, err, &format!(", after {after}; attempt {next} follows{pause}"));
    }

    fn failure(&self, about: About, err: &TaskError, end: &str) {
        self.line(about, format_args!("{err}{end}"));
        let mut cause = std::error::Error::source(err);
        while let Some(next) = cause {
            self.line(about, format_args!("  caused by: {next}"));
            cause = next.source();
        }
    }

    /// A task was cut off, or never came to run, for a reason that is none of its own.
    pub(crate) fn cut(&self, about: About, task: &str, how: Cut, why: &str) {
        match how {
            Cut::NotStarted => self.line(about, format_args!("task `{task}` never started: {why}")),
            Cut::Between => self.line(
                about,
                format_args!("task `{task}` was cancelled before it was tried again: {why}"),
            ),
            Cut::Running(elapsed, pid) => {
                let after = Spelled(elapsed);
                let worker = pid.filter(|pid| *pid != std::process::id());
                let worker = worker.map(|pid| format!(" (worker {pid})")).unwrap_or_default();
                self.line(
                    about,
                    format_args!("task `{task}` was cancelled: {why}{worker}, after {after}"),
                );
            }
        }
    }

    /// A task recorded something.
    #[cfg(all(target_os = "linux", feature = "forward"))]
    pub(crate) fn recorded(&self, about: About, task: &str, pid: u32, spoken: &Spoken<'_>) {
        self.line(about, format_args!("task `{task}` (worker {pid}): {spoken}"));
    }

    /// Something was recorded by what a task had left running. Whose that was is not known: the deferral
    /// is the one that the worker was at when it was heard.
    #[cfg(all(target_os = "linux", feature = "forward"))]
    pub(crate) fn recorded_after(&self, deferral: u64, pid: u32, spoken: &Spoken<'_>) {
        let about = About { deferral, item: None };
        self.line(about, format_args!("worker {pid}, left behind by an earlier task: {spoken}"));
    }

    /// The program's hooks could not be told of a failure.
    #[cfg(target_os = "linux")]
    pub(crate) fn hooks_not_told(&self, about: About, err: &Error) {
        self.line(about, format_args!("the hooks for failures were not told: {err}"));
    }

    /// A deferral was not taken.
    #[cfg(target_os = "linux")]
    pub(crate) fn refused(&self, deferral: u64, reason: &str) {
        let about = About { deferral, item: None };
        self.line(about, format_args!("refused, so that none of its tasks runs: {reason}"));
    }

    /// What was deferred is in the hands of who runs it.
    pub(crate) fn held(&self, deferral: u64, tasks: &Names) {
        let about = About { deferral, item: None };
        self.line(about, format_args!("deferred: {tasks}"));
    }

    /// One line, written at once, so that lines of several processes do not mix. What more lines a text
    /// has are indented, so that none looks like one of ours.
    fn line(&self, about: About, text: fmt::Arguments<'_>) {
        let Some(file) = &self.file else { return };
        let now = humantime::format_rfc3339_millis(SystemTime::now());
        let (own, text) = (std::process::id(), text.to_string().replace('\n', "\n    "));
        let line = format!("{now} concur[{own}] {about}: {text}\n");
        let mut file = crate::locks::lock(file);
        // A full disk is no reason to stop working.
        let _ = file.write_all(line.as_bytes());
    }
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "deferral {}", self.deferral)?;
        self.item.map_or(Ok(()), |item| write!(f, ", item {item}"))
    }
}
