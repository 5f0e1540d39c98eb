//! What `/proc` tells of processes: how many threads this one has, what a process has started, and
//! everything below that.

pub(crate) mod strays;
pub(crate) mod supervisors;

use std::fs;

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid,
};

use self::supervisors::is_supervisor;

/// The threads of this process; 1 where `/proc` does not tell.
pub(crate) fn thread_count() -> usize {
    // A folder has a link for each of its folders, besides its own two.
    let links = rustix::fs::stat("/proc/self/task").map_or(3, |task| task.st_nlink);
    usize::try_from(links.saturating_sub(2)).unwrap_or(1).max(1)
}

/// The threads of this process that have not begun to end: one that was joined may be listed for a
/// moment longer.
pub(crate) fn live_thread_count() -> usize {
    let listed = thread_count();
    if listed == 1 {
        return 1;
    }
    let Ok(threads) = fs::read_dir("/proc/self/task") else { return listed };
    let stats =
        threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join("stat")).ok());
    stats.filter(|stat| !is_ending(stat)).count().max(1)
}

/// Whether a thread of this process is there and has not begun to end.
pub(crate) fn is_live_thread(thread: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/self/task/{}/stat", thread.as_raw_nonzero()));
    stat.is_ok_and(|stat| !is_ending(&stat))
}

/// Whether the flags of a thread say that it ends.
fn is_ending(stat: &str) -> bool {
    const ENDING: u64 = 4;
    // The name stands in parentheses and may hold anything; the flags are the seventh word after it.
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let flags = after_name.split_whitespace().nth(6).and_then(|word| word.parse::<u64>().ok());
    flags.is_some_and(|flags| flags & ENDING != 0)
}

/// Whether a child of this process has ended and waits to be buried. It is left as it is.
pub(crate) fn has_unburied(which: WaitId<'_>) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    matches!(waitid(which, options), Ok(Some(_)))
}

/// The children of a process, those it has adopted included. Empty where `/proc` does not tell.
pub(crate) fn children_of(pid: Pid) -> Vec<Pid> {
    let Ok(threads) = fs::read_dir(format!("/proc/{}/task", pid.as_raw_nonzero())) else {
        return Vec::new();
    };
    let lists = threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    let mut children = Vec::new();
    for list in lists {
        children
            .extend(list.split_whitespace().filter_map(|word| Pid::from_raw(word.parse().ok()?)));
    }
    children
}

/// Kills a process that adopts its orphans, and everything below it, whatever its session, but for
/// supervisors of deferred tasks with all that is theirs.
///
/// Each is stopped before its children are read, so that none can escape by forking; the reading is
/// repeated until nothing new is found, since the children of one that ended meanwhile move up.
pub(crate) fn kill_with_descendants(root: Pid) {
    let _ = kill_process_group(root, Signal::STOP);
    let _ = kill_process(root, Signal::STOP);
    let mut known = vec![root];
    let mut spared = Vec::new();
    loop {
        let before = known.len();
        let mut at = 0;
        while at < known.len() {
            for child in children_of(known[at]) {
                if known.contains(&child) || spared.contains(&child) {
                    continue;
                }
                if is_supervisor(child) || !stopped_for_good(child) {
                    spared.push(child);
                } else {
                    known.push(child);
                }
            }
            at += 1;
        }
        if known.len() == before {
            break;
        }
    }
    for pid in known.into_iter().rev() {
        let _ = kill_process(pid, Signal::KILL);
    }
    let _ = kill_process_group(root, Signal::KILL);
}

/// Stops a process; `false` if it has become a supervisor meanwhile, which goes on.
///
/// Asked once more, since it may have said that it holds tasks before the signal came. Afterwards it
/// cannot: a process that a signal is sent to comes no further than to the end of its system call.
fn stopped_for_good(pid: Pid) -> bool {
    let _ = kill_process(pid, Signal::STOP);
    if is_supervisor(pid) {
        let _ = kill_process(pid, Signal::CONT);
        return false;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::is_ending;

    #[test]
    fn a_thread_that_ends_is_told_by_its_flags() {
        let stat = |flags: u64| format!("12 (a ) b) S 1 12 12 0 -1 {flags} 0 0 0 0 0 0");
        assert!(is_ending(&stat(0x0040_0044)));
        assert!(!is_ending(&stat(0x0040_0040)));
        assert!(!is_ending("12 (cut short"));
    }
}
