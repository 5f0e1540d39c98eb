//! The log of deferred work: a line for each task, in the file that `CONCUR_DEFER_LOG` names.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::SystemTime;

use crate::duration::Spelled;
use crate::error::{Error, TaskError};

/// The variable that names the file.
const VARIABLE: &str = "CONCUR_DEFER_LOG";

/// A file that lines are appended to, or nothing.
#[derive(Debug)]
pub(crate) struct Log {
    file: Option<Mutex<File>>,
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
    pub(crate) fn done(&self, deferral: u64, task: &str) {
        self.line(deferral, &format!("task `{task}` is done"));
    }

    /// A task failed.
    pub(crate) fn failed(&self, deferral: u64, err: &TaskError) {
        let after = Spelled(err.elapsed());
        self.line(deferral, &format!("{err}, after {after}"));
        let mut cause = std::error::Error::source(err);
        while let Some(next) = cause {
            self.line(deferral, &format!("  caused by: {next}"));
            cause = next.source();
        }
    }

    /// The tasks ended, or never came to run, for a reason that is none of theirs.
    pub(crate) fn broken(&self, deferral: u64, err: &Error) {
        self.line(deferral, &format!("its tasks did not all run: {err}"));
    }

    /// What was deferred is in the hands of who runs it.
    pub(crate) fn held(&self, deferral: u64, tasks: &[String]) {
        self.line(deferral, &format!("deferred: {}", tasks.join(", ")));
    }

    /// One line, written at once, so that lines of several processes do not mix.
    fn line(&self, deferral: u64, text: &str) {
        let Some(file) = &self.file else { return };
        let now = humantime::format_rfc3339_millis(SystemTime::now());
        let (own, text) = (std::process::id(), text.replace('\n', "\n    "));
        let line = format!("{now} concur[{own}] deferral {deferral}: {text}\n");
        let mut file = crate::locks::lock(file);
        // A full disk is no reason to stop working.
        let _ = file.write_all(line.as_bytes());
    }
}
