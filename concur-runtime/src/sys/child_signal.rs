//! The signal of a child's end: let through again where it was inherited as ignored or blocked, and heard
//! by a descriptor that can be waited for beside others.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{FromRawFd, OwnedFd};
use std::ptr;

use super::handler::{self, Bell, Handler};

/// Rung for each end of a child.
static BELL: Bell = Bell::new();

/// Signals as a program expects them: none is blocked, and the end of a child is told.
///
/// Both are inherited, and a caller may block signals or ignore SIGCHLD: then the server would never
/// hear of a worker's end.
pub(crate) fn reset_signals() {
    handler::set_default(libc::SIGCHLD);
    let set = empty_set();
    // SAFETY: the set is initialized; the old mask is not asked for.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const set, ptr::null_mut()) };
}

/// A descriptor for a child's end. The signal is blocked from now on.
pub(crate) fn descriptor() -> io::Result<OwnedFd> {
    let set = child_set();
    // SAFETY: `set` is an initialized signal set; the old mask is not asked for.
    if unsafe { libc::sigprocmask(libc::SIG_BLOCK, &raw const set, ptr::null_mut()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: as above; -1 asks for a new descriptor.
    let fd = unsafe { libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just opened it for us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Lets the signal through again that [`descriptor`] blocked: in a fork of ours.
pub(crate) fn unblock() {
    let set = child_set();
    // SAFETY: `set` is an initialized signal set; the old mask is not asked for.
    unsafe { libc::sigprocmask(libc::SIG_UNBLOCK, &raw const set, ptr::null_mut()) };
}

/// A descriptor for a child's end, for a process with threads of others: one of those that does not
/// block the signal would take it from a descriptor like the one above, and throw it away.
pub(crate) fn event() -> io::Result<OwnedFd> {
    let event = BELL.hang()?;
    let (plain, flags) = (Handler::Plain(on_signal), libc::SA_RESTART | libc::SA_NOCLDSTOP);
    // SAFETY: it rings a bell, which may be done in a handler, and nothing else.
    unsafe { handler::install(libc::SIGCHLD, plain, flags)? };
    Ok(event)
}

extern "C" fn on_signal(_signal: libc::c_int) {
    BELL.ring();
}

fn empty_set() -> libc::sigset_t {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `sigemptyset` initializes the whole set.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: it was initialized just now.
    unsafe { set.assume_init() }
}

fn child_set() -> libc::sigset_t {
    let mut set = empty_set();
    // SAFETY: the set is initialized and SIGCHLD a valid signal.
    unsafe { libc::sigaddset(&raw mut set, libc::SIGCHLD) };
    set
}
