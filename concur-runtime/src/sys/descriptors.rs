//! Descriptors that no object of this process owns: those that it was executed with.

use std::os::fd::RawFd;

/// So many numbers are looked at by one call.
const AT_ONCE: RawFd = 256;
/// Higher numbers are rare enough to be looked up in another way.
const HIGHEST: RawFd = 1024;

/// The numbers of all that are open, if these are so many and none is a high one.
pub(crate) fn find(count: usize) -> Option<Vec<RawFd>> {
    let mut found = Vec::with_capacity(count);
    let mut start = 0;
    while found.len() < count && start < HIGHEST {
        let mut looked: [libc::pollfd; AT_ONCE as usize] =
            std::array::from_fn(|_| libc::pollfd { fd: 0, events: 0, revents: 0 });
        for (fd, looked) in (start..).zip(&mut looked) {
            looked.fd = fd;
        }
        // SAFETY: the array has as many elements as the call is told. It waits for nothing, takes
        // nothing from a descriptor, and says of each number that is not open that it is not.
        if unsafe { libc::poll(looked.as_mut_ptr(), looked.len() as libc::nfds_t, 0) } < 0 {
            return None;
        }
        let is_open = |looked: &&libc::pollfd| looked.revents & libc::POLLNVAL == 0;
        found.extend(looked.iter().filter(is_open).map(|open| open.fd));
        start += AT_ONCE;
    }
    (found.len() == count).then_some(found)
}

/// Closes a descriptor that was inherited over `exec`, which those of ours never are: they are
/// close-on-exec, as std and rustix open them.
pub(crate) fn close_if_inherited(descriptor: RawFd) {
    // SAFETY: asks for the flags of a descriptor by its number; a closed one is an error.
    let flags = unsafe { libc::fcntl(descriptor, libc::F_GETFD) };
    if flags >= 0 && flags & libc::FD_CLOEXEC == 0 {
        // SAFETY: it lacks the flag that every descriptor has that Rust has opened, so no Rust object
        // owns it. (A C library that opened one without the flag before `main` loses it; nothing
        // tells it from one that the caller left open.)
        unsafe { libc::close(descriptor) };
    }
}
