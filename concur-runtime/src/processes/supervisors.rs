//! By what a supervisor of deferred tasks is known to all who kill what tasks leave behind: fork
//! servers, and callers that end a fork of theirs.
//!
//! A supervisor becomes somebody's child in many ways: it falls to whoever adopts orphans when the
//! process ends that it was forked from. So nobody can keep a list of all, and each bears a mark
//! instead, in its own memory, which neither its workers nor anything else that it starts gets. Those
//! are its own as long as it lives, and left behind like all others once it is gone. How it comes to
//! bear the mark is not known here: `worker/mark.rs` sees to that.

use std::ffi::CStr;
use std::fs;
use std::io;

use rustix::process::{Pid, getpgid};

use crate::sys::mark;

/// The name of its process.
pub(crate) const NAME: &CStr = c"concur-deferred";

/// The name of the memory that is its mark.
pub(crate) const MARK: &str = "concur-supervisor";

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
