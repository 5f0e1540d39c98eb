//! A limit on the memory that a task asks for: `RLIMIT_DATA` over what its process has when it begins.
//!
//! The kernel counts private memory that can be written, as soon as it is asked for and whether it is
//! touched or not: the heap, whatever allocator keeps it, and the stacks of threads, but neither the
//! first thread's stack nor memory that is shared, so no arenas and slots of ours. It refuses what goes
//! over, and the allocator tells.
//!
//! The limit holds while the task runs. What a worker does around it, and what it still has to say when
//! it dies of it, is not bound: a limit may be so small that nothing could be said within it.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The limit that holds now, in bytes of data; 0 for none.
static HOLDS: AtomicU64 = AtomicU64::new(0);

/// The limit holds as long as this is there.
pub(crate) struct Held {
    before: Rlimit,
}

/// Lets this process have `bytes` more than it has now.
pub(crate) fn hold(bytes: u64) -> io::Result<Held> {
    let before = getrlimit(Resource::Data);
    let limit = present()?.saturating_add(bytes);
    // Somebody else may have set a lower one.
    let limit = [before.current, before.maximum].into_iter().flatten().fold(limit, u64::min);
    set(Some(limit), before)?;
    HOLDS.store(limit, Ordering::Relaxed);
    Ok(Held { before })
}

impl Drop for Held {
    fn drop(&mut self) {
        HOLDS.store(0, Ordering::Relaxed);
        // A task that has lowered what it may have at the most keeps that.
        let _ = set(self.before.current, getrlimit(Resource::Data));
    }
}

/// Takes the limit away for good, in a process that dies. May be called in a signal handler.
pub(crate) fn give_up() {
    if HOLDS.swap(0, Ordering::Relaxed) != 0 {
        let present = getrlimit(Resource::Data);
        let _ = set(present.maximum, present);
    }
}

/// Runs `work` without the limit: describing a panic takes more than many a task.
pub(crate) fn lifted<R>(work: impl FnOnce() -> R) -> R {
    let limit = HOLDS.load(Ordering::Relaxed);
    if limit == 0 {
        return work();
    }
    let present = getrlimit(Resource::Data);
    let _ = set(present.maximum, present);
    let result = work();
    // Unless the task has ended meanwhile: this may be a thread that it left behind.
    if HOLDS.load(Ordering::Relaxed) == limit {
        let limit = present.current.map_or(limit, |current| current.min(limit));
        let _ = set(Some(limit), present);
    }
    result
}

fn set(current: Option<u64>, like: Rlimit) -> io::Result<()> {
    Ok(setrlimit(Resource::Data, Rlimit { current, maximum: like.maximum })?)
}

/// So many bytes of data this process has now.
fn present() -> io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmData:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    let kib = kib.ok_or_else(|| io::Error::other("/proc/self/status does not tell its data"))?;
    Ok(kib.saturating_mul(1024))
}
