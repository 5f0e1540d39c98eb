//! The registry of annotated functions: a link section beside that of tasks, with one slot for each
//! function. It works as [`registry`](super::registry) does; here nobody asks where a slot lies.

use crate::functions::{Annotated, Describe, TaskInfo, describe};

/// Leaves a slot for `F` in the registry, by being in the binary.
#[inline(never)]
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(crate) fn leave_slot<F: Annotated>() {
    // SAFETY: no instruction is added; what is written lays out a pointer, as `Slot` has it, in a
    // section of its own.
    unsafe {
        core::arch::asm!(
            ".pushsection concur_functions_1,\"awR\",@progbits",
            ".balign 8",
            ".quad {describe}",
            ".popsection",
            describe = sym describe::<F>,
            options(nomem, nostack, preserves_flags),
        );
    }
}

/// On other machines the registry is empty.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) fn leave_slot<F: Annotated>() {
    let _: Describe = describe::<F>;
}

/// A slot; empty in the one that keeps the section.
type Slot = Option<Describe>;

/// Keeps the section, and with it the symbols of its ends, in a binary that has no such function.
#[used]
#[unsafe(link_section = "concur_functions_1")]
static FIRST: Slot = None;

#[expect(improper_ctypes, reason = "these are symbols of the linker; no other language sees them")]
unsafe extern "C" {
    #[link_name = "__start_concur_functions_1"]
    static START: Slot;
    #[link_name = "__stop_concur_functions_1"]
    static STOP: Slot;
}

/// What tells of each function; one may be there more than once.
pub(crate) fn slots() -> impl Iterator<Item = fn() -> TaskInfo> {
    let start = &raw const START;
    let count = ((&raw const STOP).addr() - start.addr()) / size_of::<Slot>();
    // SAFETY: the linker sets both symbols to the ends of the section, which holds nothing but slots
    // (only `leave_slot` and `FIRST` put anything there, each aligned and of the size of a slot, and
    // a function pointer that is `Some` is its address), is relocated before any of our code runs,
    // and is never written.
    let slots = unsafe { std::slice::from_raw_parts(start, count) };
    slots.iter().copied().flatten()
}
