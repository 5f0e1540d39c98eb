//! Starts this binary again in another role, and waits until what that left behind is gone.
//!
//! A program may end while processes of its making still do. They would run beside the next sample
//! and slow down whoever comes after; so the launcher adopts them, as a subreaper, and reaps them
//! before anything else is timed.

use std::env;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{WaitOptions, getpid, set_child_subreaper, wait};

/// The role of a program that does one task and ends.
pub(crate) const COLD: &str = "--cold";
/// The role of one that says how long that took.
pub(crate) const FIRST: &str = "--first";
/// The role of a process that takes one sample.
pub(crate) const SAMPLE: &str = "--sample";
/// The mark of a process that is there only to be started.
const END: &str = "CONCUR_BENCH_END";

/// Orphans that are still there after this are somebody's bug, and not waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// This binary, to be started again. Nothing is asked for that would keep std from `posix_spawn`.
pub(crate) fn this_program() -> Command {
    Command::new("/proc/self/exe")
}

/// This binary, to be started again only to end.
pub(crate) fn ending_program() -> Command {
    let mut command = this_program();
    command.env(END, "1");
    command
}

/// Whether this process is such a one.
pub(crate) fn ends_at_once() -> bool {
    env::var_os(END).is_some()
}

/// From now on, what outlives its own parent among our descendants becomes our child.
pub(crate) fn adopt_orphans() {
    set_child_subreaper(Some(getpid())).expect("every Linux since 3.4 has subreapers");
}

/// Waits until we have no child left; false if one still ran when patience ended.
///
/// Only for a process that has no child whose status someone else wants.
pub(crate) fn reap_orphans() -> bool {
    let start = Instant::now();
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some(_)) => {}
            Ok(None) if start.elapsed() > PATIENCE => return false,
            // There is nothing to block on that covers all children and has a limit in time, and
            // nothing is timed while this polls.
            Ok(None) => thread::sleep(Duration::from_micros(200)),
            Err(_) => return true,
        }
    }
}
