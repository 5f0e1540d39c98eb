//! Handlers of signals: putting one in, taking it out, and what handlers do to wake whoever waits, which
//! is to ring a [`Bell`]. Knows nothing of what a signal means.

use std::ffi::{c_int, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicI32, Ordering};

use rustix::event::{EventfdFlags, eventfd};

/// What is called when a signal comes.
#[derive(Clone, Copy)]
pub(super) enum Handler {
    /// Gets the number of the signal.
    Plain(extern "C" fn(c_int)),
    /// Gets besides where the signal comes from and what it has interrupted (`SA_SIGINFO`).
    Informed(extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void)),
}

/// Has a handler called when the signal comes, with nothing else held back meanwhile. Gives back what was
/// done so far.
///
/// # Safety
///
/// The handler calls only what may be called in one.
pub(super) unsafe fn install(
    signal: c_int,
    handler: Handler,
    flags: c_int,
) -> io::Result<libc::sigaction> {
    // SAFETY: all bytes zero is a valid `sigaction`: no flags, no mask, the default handler.
    let mut action = unsafe { MaybeUninit::<libc::sigaction>::zeroed().assume_init() };
    (action.sa_sigaction, action.sa_flags) = match handler {
        Handler::Plain(handler) => (handler as *const () as usize, flags),
        Handler::Informed(handler) => (handler as *const () as usize, flags | libc::SA_SIGINFO),
    };
    let mut before = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: the handler has the type that its flags ask for, and calls only what may be called in
    // one, as the caller promises; `before` is a valid place for the old action.
    if unsafe { libc::sigaction(signal, &raw const action, before.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it was written, and was valid with all bytes zero before.
    Ok(unsafe { before.assume_init() })
}

/// What the kernel does by itself when the signal comes. May be called in a handler.
pub(super) fn set_default(signal: c_int) {
    // SAFETY: sets a disposition without a handler, which is safe in a handler too.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
}

/// The signal does nothing any more.
pub(super) fn ignore(signal: c_int) {
    // SAFETY: as above.
    unsafe { libc::signal(signal, libc::SIG_IGN) };
}

/// An eventfd by its number, so that a handler can say that it was called.
pub(super) struct Bell(AtomicI32);

impl Bell {
    /// One that nobody hears yet.
    pub(super) const fn new() -> Self {
        Self(AtomicI32::new(-1))
    }

    /// What becomes readable when it is rung from now on.
    pub(super) fn hang(&self) -> io::Result<OwnedFd> {
        let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        self.0.store(event.as_raw_fd(), Ordering::Relaxed);
        Ok(event)
    }

    /// Only what may be called in a handler; whoever was interrupted notices nothing.
    pub(super) fn ring(&self) {
        // SAFETY: gives the address of this thread's own number of the last error.
        let errno = unsafe { libc::__errno_location() };
        // SAFETY: the address is valid for as long as the thread lives.
        let before = unsafe { *errno };
        let one = 1_u64;
        // SAFETY: `write` may be called in a handler; it reads the eight bytes of `one`. A descriptor
        // that is closed by now, at the end of the process, refuses them; a full one says all that is
        // to say.
        unsafe { libc::write(self.0.load(Ordering::Relaxed), (&raw const one).cast(), 8) };
        // SAFETY: as above; whoever was interrupted finds the number unchanged.
        unsafe { *errno = before };
    }
}
