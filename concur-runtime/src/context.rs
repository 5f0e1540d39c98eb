//! What the code that runs now is part of: the task, how deep blocks are nested, and the deadline it
//! inherits.
//!
//! Set around every task by whoever runs it, on every driver, and read when a block starts a run. What
//! a task may ask of it is in `inside`.

use std::cell::RefCell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::inside::Around;

/// The surroundings of a task.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    /// 0 in the program itself, 1 in a task, 2 in a task of a block inside a task.
    pub(crate) depth: u32,
    /// The end of the run that the task belongs to, on the monotonic clock.
    pub(crate) deadline: Option<Moment>,
    /// How deep blocks may be nested, as the outermost run was told.
    pub(crate) nested_limit: Option<u32>,
    /// The task itself; in a run's context, the task that the run is part of.
    pub(crate) around: Around,
}

/// How deep this process is: what its threads are at least, also those that a task started.
static PROCESS_DEPTH: AtomicU32 = AtomicU32::new(0);

thread_local! {
    static CURRENT: RefCell<Context> = const { RefCell::new(Context::OUTSIDE) };
}

impl Context {
    /// That of a program that is no task.
    const OUTSIDE: Self =
        Self { depth: 0, deadline: None, nested_limit: None, around: Around::Nothing };

    /// That of the current thread. In a process made for tasks, a thread that a task has started is
    /// part of the task that runs now.
    pub(crate) fn current() -> Self {
        let current = CURRENT.try_with(|current| current.borrow().clone()).unwrap_or(Self::OUTSIDE);
        #[cfg(target_os = "linux")]
        if current.depth == 0 {
            if let Some(of_process) = crate::inside::own::context() {
                return of_process;
            }
        }
        Self { depth: current.depth.max(PROCESS_DEPTH.load(Ordering::Relaxed)), ..current }
    }

    /// That of work which goes on by itself: as deep, and no part of the task that began it.
    pub(crate) fn apart(self) -> Self {
        Self { deadline: None, around: Around::Nothing, ..self }
    }

    /// Makes the whole process at least this deep: it was made for tasks of this depth and deeper.
    #[cfg(all(target_os = "linux", feature = "tokio"))]
    pub(crate) fn deepen_process_to(depth: u32) {
        PROCESS_DEPTH.store(depth, Ordering::Relaxed);
    }

    /// Makes the whole process as deep as this: it was made for this task.
    #[cfg(target_os = "linux")]
    pub(crate) fn deepen_process(&self) {
        PROCESS_DEPTH.store(self.depth, Ordering::Relaxed);
    }

    /// Runs `work` outside of any task, as far as the thread is asked.
    #[cfg(feature = "tokio")]
    pub(crate) fn outside<R>(work: impl FnOnce() -> R) -> R {
        Self::OUTSIDE.enter(work)
    }

    /// Runs `work` in this context and puts the one before back, also when it panics.
    pub(crate) fn enter<R>(self, work: impl FnOnce() -> R) -> R {
        struct Restore(Context);
        impl Drop for Restore {
            fn drop(&mut self) {
                CURRENT.set(std::mem::replace(&mut self.0, Context::OUTSIDE));
            }
        }
        let _restore = Restore(CURRENT.replace(self));
        work()
    }
}

/// A moment on the machine's monotonic clock, the same for every process.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub(crate) struct Moment(u64);

impl Moment {
    #[cfg(target_os = "linux")]
    pub(crate) fn now() -> Self {
        Self(crate::sys::clock::nanos())
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn now() -> Self {
        use std::sync::OnceLock;
        use std::time::Instant;
        static START: OnceLock<Instant> = OnceLock::new();
        let nanos = START.get_or_init(Instant::now).elapsed().as_nanos();
        Self(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    pub(crate) fn after(self, duration: Duration) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(nanos))
    }

    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// The same moment on the clock of std, always the same one for the same moment.
    pub(crate) fn to_instant(self) -> Option<Instant> {
        static ANCHOR: OnceLock<(Moment, Instant)> = OnceLock::new();
        let (moment, instant) = *ANCHOR.get_or_init(|| (Self::now(), Instant::now()));
        if self >= moment {
            instant.checked_add(self.since(moment))
        } else {
            instant.checked_sub(moment.since(self))
        }
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn as_nanos(self) -> u64 {
        self.0
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }
}
