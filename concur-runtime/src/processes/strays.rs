//! Workers whose fork server has died. It alone sees what they start to its end, and they go with it;
//! what is left then, a caller ends itself, as far as it can be found.

use std::fs;

use rustix::process::{Pid, Signal, kill_process_group};

use super::kill_with_descendants;
use crate::sys::mark;

/// The name of the memory that callers share with their workers.
pub(crate) const BOARD: &str = "concur-board";

/// Ends a worker that was there a moment ago, and what it has started: everything below it, or if it is
/// gone already, what is left in its process group. What had left that for a session of its own is out
/// of reach then.
pub(crate) fn end_stray(worker: Option<u32>) {
    let pid = worker.and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
    let Some(pid) = pid else { return };
    match fs::read_to_string(format!("/proc/{}/maps", pid.as_raw_nonzero())) {
        Ok(maps) if maps.lines().any(|line| mark::is_in(line, BOARD)) => {
            kill_with_descendants(pid);
        }
        // Somebody else has the number now.
        Ok(maps) if !maps.is_empty() => {}
        // It is gone. Nobody else can have the number of a group that is there.
        _ => {
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}
