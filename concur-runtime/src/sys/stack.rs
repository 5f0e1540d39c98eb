//! Bounds of the current thread's stack, and an alternate stack for signal handlers.

use std::mem::MaybeUninit;
use std::ops::Range;

/// Where the current thread's stack lies, its guard left out.
pub(crate) fn bounds() -> Option<Range<usize>> {
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    // SAFETY: asks who the current thread is.
    let thread = unsafe { libc::pthread_self() };
    // SAFETY: initializes `attributes` when it returns 0.
    if unsafe { libc::pthread_getattr_np(thread, attributes.as_mut_ptr()) } != 0 {
        return None;
    }
    // SAFETY: it returned 0.
    let mut attributes = unsafe { attributes.assume_init() };
    let mut start = std::ptr::null_mut();
    let mut size = 0;
    // SAFETY: the attributes are initialized and the places valid.
    let failed = unsafe {
        libc::pthread_attr_getstack(&raw const attributes, &raw mut start, &raw mut size)
    };
    // SAFETY: they are initialized, and not used any more.
    unsafe { libc::pthread_attr_destroy(&raw mut attributes) };
    (failed == 0).then(|| start.addr()..start.addr() + size)
}

/// Room for a handler that walks the stack and sends a message.
const ALTERNATE: usize = 64 * 1024;

/// Gives the current thread a stack for its signal handlers, for as long as it lives.
pub(crate) fn install_alternate() {
    let memory = Box::leak(vec![0_u8; ALTERNATE].into_boxed_slice());
    let stack =
        libc::stack_t { ss_sp: memory.as_mut_ptr().cast(), ss_flags: 0, ss_size: memory.len() };
    // SAFETY: the memory is leaked, so it is valid for as long as the thread uses it.
    unsafe { libc::sigaltstack(&raw const stack, std::ptr::null_mut()) };
}
