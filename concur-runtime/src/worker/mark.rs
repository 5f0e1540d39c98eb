//! How a supervisor of deferred tasks comes to bear the mark by which all others know it
//! (`processes/supervisors.rs`).
//!
//! It bears the mark before it says that it holds tasks, so before the `defer()` that waits for it
//! comes back: whoever is killed before that has not deferred anything yet.

use std::io;

use rustix::process::{WaitOptions, waitpid};

use crate::channel::{close_on_exec_pair, receive, send};
use crate::processes::supervisors::{MARK, NAME};
use crate::sys::fork::{Forked, exit_now, fork};
use crate::sys::mark;

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
