//! The orderly end: no run begins any more, those under way get some time, then nothing is left.
//!
//! Every run holds a [`Pass`] while it lives. What waits for sockets waits for [`alarm`] as well, so
//! that a run that sleeps hears when its time is over.

use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::context::Moment;
use crate::duration::Spelled;
use crate::error::{Error, ErrorKind};
use crate::locks::lock;

/// How far the end has come: runs begin, none begins, all are cancelled, because the program says so or
/// because this process was told to end.
static PHASE: AtomicU8 = AtomicU8::new(OPEN);
const OPEN: u8 = 0;
const CLOSED: u8 = 1;
const CANCELLING: u8 = 2;
const TOLD: u8 = 3;

/// Runs under way.
static RUNS: AtomicUsize = AtomicUsize::new(0);

/// Where `shutdown` waits for them.
static WAITING: Mutex<()> = Mutex::new(());
static ONE_ENDED: Condvar = Condvar::new();

/// How long a run that was cancelled has to come to its end.
const CANCEL_LIMIT: Duration = Duration::from_secs(10);

/// Ends concur's work in this process in an orderly way: from now on no run begins (it fails as
/// [`Cancelled`](ErrorKind::Cancelled)); runs under way have `grace` to end by themselves and are
/// cancelled after it; then the workers and their fork server are ended. It is not taken back.
///
/// A task that has asked for time to end ([`on_cancel`](crate::inside::on_cancel)) has it when its run
/// is cancelled, five seconds at the most. What is left of runs that were dropped counts as a run.
///
/// Deferred tasks go on where a supervisor has them (drivers Process and Fork); those of this
/// process count as runs. [`flush`](crate::flush) before waits for both. Called more than once, each
/// call waits; in async code, call it where blocking is allowed. Without it everything ends as well
/// when the process does, only not in order. In a task it ends what its worker has begun itself, and
/// the worker with the task.
///
/// # Errors
///
/// An error of the kind [`TimedOut`](ErrorKind::TimedOut) if runs had to be cancelled.
///
/// # Examples
///
/// ```standalone_crate
/// use std::time::Duration;
/// use concur::{concurrent, ErrorKind};
///
/// let (sum,) = concurrent! { sum => 1 + 1 }.run()?;
/// concur::shutdown(Duration::from_secs(5))?;
/// let err = concurrent! { late => sum }.run().unwrap_err();
/// assert_eq!(err.kind(), ErrorKind::Cancelled);
/// # Ok::<(), concur::Error>(())
/// ```
pub fn shutdown(grace: Duration) -> Result<(), Error> {
    PHASE.fetch_max(CLOSED, Ordering::SeqCst);
    let in_time = wait_for_runs(Moment::now().after(grace));
    let left = RUNS.load(Ordering::SeqCst);
    if !in_time {
        PHASE.store(CANCELLING, Ordering::SeqCst);
        #[cfg(target_os = "linux")]
        ring();
        wait_for_runs(Moment::now().after(CANCEL_LIMIT));
    }
    #[cfg(target_os = "linux")]
    crate::engines::end_workers();
    if in_time {
        return Ok(());
    }
    let runs = if left == 1 { "1 run was".to_owned() } else { format!("{left} runs were") };
    Err(Error::new(
        ErrorKind::TimedOut,
        format!("{runs} cancelled, not done after the {} that shutdown gave", Spelled(grace)),
    ))
}

/// `true` when there is none any more, `false` when the moment has come before.
fn wait_for_runs(until: Moment) -> bool {
    let mut guard = lock(&WAITING);
    loop {
        if RUNS.load(Ordering::SeqCst) == 0 {
            return true;
        }
        let left = until.since(Moment::now());
        if left.is_zero() {
            return false;
        }
        (guard, _) = ONE_ENDED.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner);
    }
}

/// What each run holds.
#[derive(Debug)]
pub(crate) struct Pass(());

impl Pass {
    /// None is given out any more once the end has begun.
    pub(crate) fn take() -> Result<Self, Error> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        let pass = Self(());
        // Counted before looking: `shutdown` closes before it counts.
        if PHASE.load(Ordering::SeqCst) == OPEN { Ok(pass) } else { Err(ended()) }
    }

    /// For what is left of a run: it is waited for as a run is, and always had.
    pub(crate) fn of_leftover() -> Self {
        RUNS.fetch_add(1, Ordering::SeqCst);
        Self(())
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        // A fork of the program that began with none.
        let _ = RUNS.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |runs| runs.checked_sub(1));
        if PHASE.load(Ordering::SeqCst) != OPEN {
            let _guard = lock(&WAITING);
            ONE_ENDED.notify_all();
        }
    }
}

/// Whether runs begin no more.
#[cfg(target_os = "linux")]
pub(crate) fn has_begun() -> bool {
    PHASE.load(Ordering::Relaxed) != OPEN
}

/// Whether runs under way must end now.
pub(crate) fn is_cancelling() -> bool {
    PHASE.load(Ordering::Relaxed) >= CANCELLING
}

/// This process was told to end: no run begins any more, and those under way are cancelled when their
/// owner looks at them.
#[cfg(target_os = "linux")]
pub(crate) fn told_to_end() {
    PHASE.store(TOLD, Ordering::SeqCst);
}

/// How long a task may go on at the most when it is told to stop now, whatever it has asked for.
#[cfg(target_os = "linux")]
pub(crate) fn longest_grace() -> Duration {
    if is_cancelling() { CANCEL_LIMIT / 2 } else { crate::inside::LONGEST_GRACE }
}

/// Why a run does not begin, or ends.
pub(crate) fn ended() -> Error {
    let reason = match PHASE.load(Ordering::SeqCst) {
        TOLD => "the supervisor of deferred tasks was told to end (SIGTERM)",
        _ => "the program is shutting down (`concur::shutdown`)",
    };
    Error::new(ErrorKind::Cancelled, reason)
}

/// A process that was forked to go on by itself begins anew.
#[cfg(target_os = "linux")]
pub(crate) fn forget() {
    RUNS.store(0, Ordering::SeqCst);
    PHASE.store(OPEN, Ordering::SeqCst);
}

#[cfg(target_os = "linux")]
mod bell {
    use std::os::fd::OwnedFd;
    use std::sync::Arc;

    use rustix::event::{EventfdFlags, eventfd};

    use crate::sys::process_local::ProcessLocal;

    static BELL: ProcessLocal<Arc<OwnedFd>> = ProcessLocal::new();

    /// What becomes readable, for good, when runs must end; `None` where no descriptor is free.
    pub(crate) fn alarm() -> Option<&'static Arc<OwnedFd>> {
        let make = || eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map(Arc::new);
        BELL.try_get(make).ok()
    }

    pub(super) fn ring() {
        if let Some(bell) = alarm() {
            let _ = rustix::io::write(&**bell, &1_u64.to_ne_bytes());
        }
    }
}

#[cfg(target_os = "linux")]
pub(crate) use bell::alarm;
#[cfg(target_os = "linux")]
use bell::ring;
