//! By what a supervisor of deferred tasks is known to all who kill what tasks leave behind: fork
//! servers, and callers that end a fork of theirs.
//!
//! A supervisor becomes somebody's child in many ways: it falls to whoever adopts orphans when the
//! process ends that it was forked from. So nobody can keep a list of all, and each bears a mark
//! instead, in its own memory, which neither its workers nor anything else that it starts gets. Those
//! are its own as long as it lives, and left behind like all others once it is gone.
//!
//! It bears the mark before it says that it holds tasks, so before the `defer()` that waits for it
//! comes back: whoever is killed before that has not deferred anything yet.

use std::ffi::CStr;
use std::fs;
use std::io;

use rustix::process::{Pid, WaitOptions, getpgid, waitpid};

use crate::channel::{close_on_exec_pair, receive, send};
use crate::sys::fork::{Forked, exit_now, fork};
use crate::sys::mark;

/// The name of its process.
const NAME: &CStr = c"concur-deferred";

/// The name of the memory that is its mark.
const MARK: &str = "concur-supervisor";

/// Makes this process a supervisor in the eyes of others; in a session of its own, so that no signal
/// to the group of who started it reaches it.
pub(super) fn bear() -> io::Result<()> {
    // One that was executed leads a group already, and cannot have a session.
    let _ = rustix::process::setsid();
    rustix::thread::set_name(NAME)?;
    Ok(mark::put(MARK)?)
}

/// Forks a process that bears the mark; comes back in the parent when it does.
pub(crate) fn fork_marked() -> io::Result<Forked> {
    let (hears, tells) = close_on_exec_pair()?;
    match fork()? {
        Forked::Child => {
            drop(hears);
            if bear().and_then(|()| send(&tells, &[1])).is_err() {
                exit_now(71);
            }
            Ok(Forked::Child)
        }
        Forked::Parent(pid) => {
            // Its end is told as well.
            drop(tells);
            if receive(&hears, true)?.is_some() {
                return Ok(Forked::Parent(pid));
            }
            // It ends at once.
            let _ = waitpid(Some(pid), WaitOptions::empty());
            Err(io::Error::other("it ended before it was a supervisor"))
        }
    }
}

/// Whether a process is a supervisor: then it is spared, and so is what is below it.
pub(crate) fn is_supervisor(pid: Pid) -> bool {
    // The first two questions cost little, and they never wait. The last one waits for a process that
    // is stuck while it changes its memory, so it is for those alone that are likely to be one.
    getpgid(Some(pid)) == Ok(pid) && bears_name(pid) && bears_mark(pid)
}

fn bears_name(pid: Pid) -> bool {
    let name = fs::read(format!("/proc/{}/comm", pid.as_raw_nonzero()));
    name.is_ok_and(|name| name.trim_ascii_end() == NAME.to_bytes())
}

fn bears_mark(pid: Pid) -> bool {
    match fs::read_to_string(format!("/proc/{}/maps", pid.as_raw_nonzero())) {
        Ok(maps) => maps.lines().any(|line| mark::is_in(line, MARK)),
        // A program may have forbidden to look into its processes: then the name must do.
        Err(err) => err.kind() == io::ErrorKind::PermissionDenied,
    }
}
