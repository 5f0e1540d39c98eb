//! The threads that this process has because of concur, for those who count threads: a fork has only
//! the one that forked, and a lock which another held stays locked in it.
//!
//! A thread of ours that rests holds nothing, so it does not count. It rests from before anybody can
//! see what it has done, so who has just waited for it finds it at rest. One that ends may still run
//! destructors of what tasks have left in thread-locals, and nothing tells when they are through: it
//! counts, but who counts gives it a moment to be gone.

use std::sync::atomic::{AtomicU64, Ordering};

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// What a thread of ours holds while it lives. It counts as any other until it rests.
pub(crate) struct OwnThread {
    id: u64,
}

impl OwnThread {
    /// For the calling thread.
    pub(crate) fn begin() -> Self {
        Self { id: NEXT_ID.fetch_add(1, Ordering::Relaxed) }
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// From now on it does nothing but wait for work, or end.
    pub(crate) fn rest(&self) {
        #[cfg(target_os = "linux")]
        counting::rest(self.id);
    }
}

impl Drop for OwnThread {
    fn drop(&mut self) {
        #[cfg(target_os = "linux")]
        counting::end(self.id);
    }
}

/// A thread that rests is about to be given work.
#[cfg_attr(not(target_os = "linux"), expect(unused_variables, reason = "nobody counts"))]
pub(crate) fn work_again(id: u64) {
    #[cfg(target_os = "linux")]
    counting::work_again(id);
}

#[cfg(target_os = "linux")]
pub(crate) use counting::{besides_resting, left_over};

#[cfg(target_os = "linux")]
mod counting {
    use std::collections::HashMap;
    use std::sync::Mutex;
    use std::time::Duration;

    use rustix::process::Pid;
    use rustix::thread::gettid;

    use crate::context::Moment;
    use crate::locks::lock;
    use crate::processes::{is_live_thread, live_thread_count, thread_count};
    use crate::sys::process_local::ProcessLocal;

    static KNOWN: ProcessLocal<Mutex<Known>> = ProcessLocal::new();

    /// Threads of ours that have no work.
    #[derive(Default)]
    struct Known {
        resting: HashMap<u64, Pid>,
        /// Those that have left our hands, and may be there for a moment yet.
        ending: Vec<Pid>,
    }

    /// So long a thread that ends may keep a fork waiting.
    const FORK_LIMIT: Duration = Duration::from_millis(100);

    /// So long threads of ours may take to end after a hook. It costs nothing where none is left.
    const END_LIMIT: Duration = Duration::from_secs(1);

    /// Past so many, those that are gone are looked for among the ending ones.
    const MANY: usize = 32;

    fn known() -> &'static Mutex<Known> {
        KNOWN.get(Mutex::default)
    }

    pub(super) fn rest(id: u64) {
        lock(known()).resting.insert(id, gettid());
    }

    pub(super) fn work_again(id: u64) {
        lock(known()).resting.remove(&id);
    }

    pub(super) fn end(id: u64) {
        let mut known = lock(known());
        known.resting.remove(&id);
        if known.ending.len() >= MANY {
            known.ending.retain(|thread| is_live_thread(*thread));
        }
        known.ending.push(gettid());
    }

    /// The threads of this process, the calling one among them, without those of ours that rest.
    pub(crate) fn besides_resting() -> usize {
        let resting = |known: &Known| {
            // A waker that is called on such a thread may come here.
            let own = gettid();
            known.resting.values().filter(|thread| **thread != own).count()
        };
        // In this order: who begins to rest in between is at rest.
        let listed = thread_count();
        let ours = crate::reactor::threads();
        if listed.saturating_sub(ours + resting(&lock(known()))) <= 1 {
            return 1;
        }
        settled(
            FORK_LIMIT,
            || 0,
            |known| Counted {
                threads: live_thread_count().saturating_sub(ours + resting(known)),
                passing: known.ending.len(),
            },
        )
    }

    /// How many threads the process has besides the calling one, after those of ours that have no work
    /// were ended.
    pub(crate) fn left_over() -> usize {
        let threads = settled(END_LIMIT, dismiss, |known| Counted {
            threads: live_thread_count(),
            passing: known.ending.len() + known.resting.len(),
        });
        threads - 1
    }

    /// Has the threads end that wait for work; how many will that are not known to rest.
    fn dismiss() -> usize {
        crate::engines::end_idle_threads();
        crate::reactor::dismiss()
    }

    /// What a look at the threads has found.
    struct Counted {
        /// All that count, at least the calling one.
        threads: usize,
        /// How many of them will soon be gone.
        passing: usize,
    }

    /// Looks until it does not depend on threads that will be gone. Before each look `dismiss` says how
    /// many more of them there are.
    fn settled(
        limit: Duration,
        dismiss: impl Fn() -> usize,
        look: impl Fn(&Known) -> Counted,
    ) -> usize {
        let until = Moment::now().after(limit);
        loop {
            let dismissed = dismiss();
            let mut known = lock(known());
            // Before all threads are counted, so that none counts which is taken out here.
            known.ending.retain(|thread| is_live_thread(*thread));
            // Meanwhile nobody begins to rest, to work or to end.
            let Counted { threads, passing } = look(&known);
            let threads = threads.max(1);
            if threads <= 1 {
                return 1;
            }
            let staying = threads.saturating_sub(passing + dismissed);
            if staying > 1 {
                return staying;
            }
            if until <= Moment::now() {
                // They have had their time: by now the number may be that of somebody else's thread.
                known.ending.clear();
                return threads;
            }
            drop(known);
            // Nothing tells of the end of a thread that nobody may join: it needs a processor.
            std::thread::yield_now();
        }
    }
}
