//! The registry of hooks: a link section with one slot for each hook in the binary.
//!
//! Laid out as the registry of tasks is (see [`registry`](super::registry)): a generic function
//! leaves its slot there by `asm!` when it is instantiated. What instantiates it here is a `#[used]`
//! static beside the hook, so a hook that nothing calls is there all the same. The section is
//! retained whatever the linker drops, and what a slot points to with it.

use super::section::section;
use crate::hooks::{Hook, HookSite};
use crate::task::failure::Failure;

/// What the registry keeps of a hook.
#[repr(C)]
pub(crate) struct Slot {
    call: fn() -> Result<(), Failure>,
    site: fn() -> HookSite,
}

/// Leaves a slot for `H` in the registry.
#[inline(never)]
pub(crate) fn register<H: Hook>() {
    // SAFETY: only lays out data in a section of its own: two pointers, as `Slot` has them. No
    // instruction is emitted.
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    unsafe {
        core::arch::asm!(
            ".pushsection concur_hooks_1,\"awR\",@progbits",
            ".balign 8",
            ".quad {call}",
            ".quad {site}",
            ".popsection",
            call = sym call::<H>,
            site = sym site::<H>,
            options(nomem, nostack, preserves_flags),
        );
    }
}

/// Not inlined, so that backtraces of hooks can be cut at it.
#[inline(never)]
fn call<H: Hook>() -> Result<(), Failure> {
    H::call()
}

fn site<H: Hook>() -> HookSite {
    H::SITE
}

section! {
    /// All slots of this binary, [`FIRST`] among them.
    pub(crate) fn slots() -> [Slot] in "concur_hooks_1",
    which FIRST keeps: Slot { call: || Ok(()), site: || HookSite::NONE }
}

impl Slot {
    pub(crate) fn site(&self) -> HookSite {
        (self.site)()
    }

    pub(crate) fn call(&self) -> Result<(), Failure> {
        (self.call)()
    }
}
