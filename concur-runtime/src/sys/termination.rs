//! Hears SIGTERM instead of dying of it: for a process of ours that has something to end and to say
//! before. Knows nothing of what that is.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use rustix::process::{Pid, getpid};

use super::handler::{self, Bell, Handler};

/// Where [`on_signal`] says that it was called.
static BELL: Bell = Bell::new();

/// The process that hears; its forks die of the signal as others do.
static LISTENER: AtomicI32 = AtomicI32::new(0);

/// What this process hears of the signal, for as long as it lives.
pub(crate) struct Termination(Arc<OwnedFd>);

impl Termination {
    /// From now on the signal is heard; not where it was ignored so far.
    pub(crate) fn hear() -> io::Result<Self> {
        let event = BELL.hang()?;
        LISTENER.store(number(getpid()), Ordering::Relaxed);
        let (plain, flags) = (Handler::Plain(on_signal), libc::SA_RESTART);
        // SAFETY: it rings a bell or raises the signal again, which may be done in a handler.
        let before = unsafe { handler::install(libc::SIGTERM, plain, flags)? };
        if before.sa_sigaction == libc::SIG_IGN {
            handler::ignore(libc::SIGTERM);
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
        handler::set_default(signal);
        // SAFETY: a signal to this thread; it is blocked in its own handler, and comes after it.
        unsafe { libc::raise(signal) };
        return;
    }
    BELL.ring();
}
