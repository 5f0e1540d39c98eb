//! Marks that tasks leave, and waits for what must happen.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long to wait for what must happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// A directory in which tasks leave marks, removed at the end.
pub(crate) struct Marks(TempDir);

impl Marks {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().expect("there is room for a directory"))
    }

    /// The directory, to be captured.
    pub(crate) fn dir(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.path().join(name).exists()
    }
}

impl fmt::Debug for Marks {
    /// All marks.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = std::fs::read_dir(self.0.path()).into_iter().flatten().flatten();
        f.debug_list().entries(entries.map(|entry| entry.file_name())).finish()
    }
}

/// Leaves a mark, from anywhere.
pub(crate) fn mark(dir: &Path, name: &str) {
    std::fs::write(dir.join(name), "").expect("a mark can be left");
}

/// Waits until a mark is there; `false` when patience is at its end.
pub(crate) fn await_mark(dir: &Path, name: &str) -> bool {
    eventually(|| dir.join(name).exists())
}

/// Waits until something holds; `false` when patience is at its end.
pub(crate) fn eventually(mut holds: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !holds() {
        if start.elapsed() > PATIENCE {
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    true
}

/// Whether a process is there and no zombie.
pub(crate) fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    // The name stands in parentheses and may hold anything; the state follows the last one.
    stat.is_ok_and(|stat| {
        !stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with(['Z', 'X']))
    })
}
