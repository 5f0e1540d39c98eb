//! An alternate stack for signal handlers.

use std::ptr;

/// Room for a handler that walks the stack and sends a message.
const ALTERNATE: usize = 64 * 1024;

/// Gives the current thread a stack for its signal handlers, for as long as it lives.
pub(crate) fn install_alternate() {
    use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous};

    let access = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: a new mapping at an address of the kernel's choice touches no memory of ours. It is
    // mapped, not allocated, so that its pages cost nothing until a handler runs.
    let memory = unsafe { mmap_anonymous(ptr::null_mut(), ALTERNATE, access, MapFlags::PRIVATE) };
    let Ok(memory) = memory else { return };
    let stack = libc::stack_t { ss_sp: memory, ss_flags: 0, ss_size: ALTERNATE };
    // SAFETY: the memory is never unmapped, so it is valid for as long as the thread uses it.
    unsafe { libc::sigaltstack(&raw const stack, ptr::null_mut()) };
}
