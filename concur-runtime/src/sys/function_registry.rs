//! The registry of annotated functions: a link section beside that of tasks, with one slot for each
//! function. It works as [`registry`](super::registry) does; here nobody asks where a slot lies.

use super::section::section;
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

section! {
    /// All slots of this binary, [`FIRST`] among them.
    fn all() -> [Slot] in "concur_functions_1",
    which FIRST keeps: None
}

/// What tells of each function; one may be there more than once.
pub(crate) fn slots() -> impl Iterator<Item = fn() -> TaskInfo> {
    all().iter().copied().flatten()
}
