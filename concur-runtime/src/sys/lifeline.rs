//! Ends a process that runs a user's code and so cannot see for itself that it should: a fork server
//! whose caller ends while a hook runs there, and a worker that does not come to its end.

use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use rustix::process::{Pid, getpgrp, getpid, getppid};

use super::handler::{self, Handler};

/// While it is held, this process and its group are killed when its parent ends.
///
/// The kernel tells of a parent's end by a signal, but also when only the thread ends that started
/// this process. So the signal is not SIGKILL: its handler asks who the parent is now. A child that
/// is left without that thread is given to another one of the same process, and asked for again when
/// that one ends.
pub(crate) struct Lifeline(());

/// The process to end with.
static PARENT: AtomicI32 = AtomicI32::new(0);

/// One that nothing else uses: the last of the real-time signals.
fn signal() -> libc::c_int {
    libc::SIGRTMAX()
}

impl Lifeline {
    /// Ties this process to its parent, if that is `parent`; ends at once if it is not any more.
    pub(crate) fn to_parent(parent: Pid) -> Self {
        PARENT.store(parent.as_raw_nonzero().get(), Ordering::Relaxed);
        // SAFETY: it asks the kernel and nobody else, which may be done in a handler.
        let _ = unsafe { handler::install(signal(), Handler::Plain(on_signal), libc::SA_RESTART) };
        tell_of_parent(signal());
        // It may have ended before.
        end_without_parent();
        Self(())
    }
}

impl Drop for Lifeline {
    fn drop(&mut self) {
        tell_of_parent(0);
        handler::set_default(signal());
    }
}

/// The signal that comes when the parent (or the thread that started this process) ends; 0 for none.
fn tell_of_parent(signal: libc::c_int) {
    // SAFETY: changes what the kernel sends to this process, and touches no memory.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal) };
}

extern "C" fn on_signal(_signal: libc::c_int) {
    end_without_parent();
}

/// Only what may be called in a handler: these ask the kernel and nobody else.
fn end_without_parent() {
    let parent = getppid().map_or(0, |parent| parent.as_raw_nonzero().get());
    if parent == PARENT.load(Ordering::Relaxed) {
        return;
    }
    if getpgrp() == getpid() {
        // SAFETY: a signal to the group that this process leads: itself, and what it has started.
        unsafe { libc::kill(0, libc::SIGKILL) };
    }
    super::fork::exit_now(0)
}

/// Has this process killed after a time, whatever it does then. There is no way back.
pub(crate) fn kill_after(limit: Duration) {
    // SAFETY: all bytes zero is a valid `sigevent`, whose other fields this kind does not use.
    let mut event = unsafe { MaybeUninit::<libc::sigevent>::zeroed().assume_init() };
    event.sigev_notify = libc::SIGEV_SIGNAL;
    // Neither blocked nor handled by anybody.
    event.sigev_signo = libc::SIGKILL;
    let mut timer = MaybeUninit::<libc::timer_t>::uninit();
    // SAFETY: `event` is initialized, and `timer` a valid place for the result.
    let made =
        unsafe { libc::timer_create(libc::CLOCK_MONOTONIC, &raw mut event, timer.as_mut_ptr()) };
    if made != 0 {
        return;
    }
    // SAFETY: it was made, so it was written.
    let timer = unsafe { timer.assume_init() };
    // SAFETY: all bytes zero is a valid `itimerspec`: no time, no repetition.
    let mut time = unsafe { MaybeUninit::<libc::itimerspec>::zeroed().assume_init() };
    time.it_value.tv_sec = libc::time_t::try_from(limit.as_secs()).unwrap_or(libc::time_t::MAX);
    time.it_value.tv_nsec = libc::c_long::from(limit.subsec_nanos());
    // SAFETY: the timer is there until the process ends; the old time is not asked for.
    unsafe { libc::timer_settime(timer, 0, &raw const time, ptr::null_mut()) };
}
