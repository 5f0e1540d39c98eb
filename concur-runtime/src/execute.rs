//! Executes the running binary again, as a fork server or as a worker.
//!
//! It is the very file that is running, also when another one has taken its name since or it was
//! deleted: `/proc/self/exe` leads to it. The file is held open from the first run on as well, for
//! programs that lose sight of `/proc` later (`chroot`, a sandbox).

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use rustix::fs::{Mode, OFlags};
use rustix::process::Pid;

use crate::worker::door;

const RUNNING: &str = "/proc/self/exe";

/// The running file.
static HELD: OnceLock<Option<OwnedFd>> = OnceLock::new();

/// Starts it as a child; its control socket becomes its standard input.
pub(crate) fn again(control: &OwnedFd) -> io::Result<Pid> {
    let started = by_path(control);
    // The program starts meanwhile.
    let held = HELD.get_or_init(|| {
        rustix::fs::open(RUNNING, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).ok()
    });
    let started = match (started, held) {
        (Err(err), Some(held)) if err.kind() == io::ErrorKind::NotFound => by_file(held, control),
        (started, _) => started,
    };
    started.map_err(|err| explained(&err, Path::new(RUNNING)))
}

/// Names the link where that is what is missing, which the system's own words do not say.
fn explained(err: &io::Error, running: &Path) -> io::Error {
    let reason = match std::fs::metadata(running) {
        Err(missing) if err.kind() == missing.kind() => {
            format!("`{}` cannot be reached: {err}", running.display())
        }
        _ => err.to_string(),
    };
    io::Error::new(err.kind(), format!("the program cannot be executed again: {reason}"))
}

/// No `pre_exec`: std can use `posix_spawn`, which does not grow with the caller's memory.
fn by_path(control: &OwnedFd) -> io::Result<Pid> {
    let mut command = Command::new(RUNNING);
    if let Some(name) = std::env::args_os().next() {
        command.arg0(name);
    }
    let child = command
        .stdin(Stdio::from(control.try_clone()?))
        .env(door::VARIABLE, door::value())
        // Ctrl-C in a terminal is for the caller, who decides.
        .process_group(0)
        .spawn()?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    pid.ok_or_else(|| io::Error::other("a process without a pid"))
}

fn by_file(held: &OwnedFd, control: &OwnedFd) -> io::Result<Pid> {
    let mut environment: Vec<_> =
        std::env::vars_os().filter(|(name, _)| name != door::VARIABLE).collect();
    environment.push((door::VARIABLE.into(), door::value().into()));
    let name = std::env::args_os().next().unwrap_or_else(|| "concur".into());
    crate::sys::fork::execute_file(held.as_fd(), control.as_fd(), &name, &environment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_is_missing_is_named() {
        let err = io::Error::from(io::ErrorKind::NotFound);
        let missing = explained(&err, Path::new("/nowhere/self/exe")).to_string();
        let expected =
            "the program cannot be executed again: `/nowhere/self/exe` cannot be reached: ";
        assert!(missing.starts_with(expected), "{missing}");
        let other = explained(&err, Path::new(RUNNING)).to_string();
        assert!(
            other.starts_with("the program cannot be executed again: ") && !other.contains(RUNNING)
        );
    }
}
