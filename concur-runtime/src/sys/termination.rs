//! Hears SIGTERM instead of dying of it: for a process of ours that has something to end and to say
//! before. Knows nothing of what that is.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use rustix::event::{EventfdFlags, eventfd};
use rustix::process::{Pid, getpid};

/// Where [`on_signal`] says that it was called.
static EVENT: AtomicI32 = AtomicI32::new(-1);

/// The process that hears; its forks die of the signal as others do.
static LISTENER: AtomicI32 = AtomicI32::new(0);

/// What this process hears of the signal, for as long as it lives.
pub(crate) struct Termination(Arc<OwnedFd>);

impl Termination {
    /// From now on the signal is heard; not where it was ignored so far.
    pub(crate) fn hear() -> io::Result<Self> {
        let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        EVENT.store(event.as_raw_fd(), Ordering::Relaxed);
        LISTENER.store(number(getpid()), Ordering::Relaxed);
        let handler: extern "C" fn(libc::c_int) = on_signal;
        // SAFETY: all bytes zero is a valid `sigaction`: no mask.
        let mut action = unsafe { MaybeUninit::<libc::sigaction>::zeroed().assume_init() };
        action.sa_sigaction = handler as *const () as usize;
        action.sa_flags = libc::SA_RESTART;
        let mut before = MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: the handler has the type that a plain handler has and calls only what may be called
        // in one; `before` is a valid place for the old action.
        let set = unsafe { libc::sigaction(libc::SIGTERM, &raw const action, before.as_mut_ptr()) };
        if set != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: it was written, and was valid with all bytes zero before.
        let before = unsafe { before.assume_init() };
        if before.sa_sigaction == libc::SIG_IGN {
            // SAFETY: the action that was there a moment ago.
            unsafe { libc::sigaction(libc::SIGTERM, &raw const before, ptr::null_mut()) };
        }
        Ok(Self(Arc::new(event)))
    }

    /// Whether it has come.
    pub(crate) fn has_come(&self) -> bool {
        // Left as it is: who asks once more hears the same.
        let mut polled = [rustix::event::PollFd::new(&self.0, rustix::event::PollFlags::IN)];
        let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
        matches!(rustix::event::poll(&mut polled, Some(&now)), Ok(1))
    }

    /// What becomes readable, for good, when it comes.
    pub(crate) fn event(&self) -> &Arc<OwnedFd> {
        &self.0
    }
}

fn number(pid: Pid) -> i32 {
    pid.as_raw_nonzero().get()
}

extern "C" fn on_signal(signal: libc::c_int) {
    if number(getpid()) != LISTENER.load(Ordering::Relaxed) {
        // SAFETY: sets a disposition without a handler.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
        // SAFETY: a signal to this thread; it is blocked in its own handler, and comes after it.
        unsafe { libc::raise(signal) };
        return;
    }
    // SAFETY: gives the address of this thread's own number of the last error.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: the address is valid for as long as the thread lives.
    let before = unsafe { *errno };
    let one = 1_u64;
    // SAFETY: `write` may be called in a handler; it reads the eight bytes of `one`. A descriptor that
    // is closed by now, at the end of the process, refuses them; a full one says all that is to say.
    unsafe { libc::write(EVENT.load(Ordering::Relaxed), (&raw const one).cast(), 8) };
    // SAFETY: as above; whoever was interrupted finds the number unchanged.
    unsafe { *errno = before };
}
