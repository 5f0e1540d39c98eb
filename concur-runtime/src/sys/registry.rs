//! The registry of tasks: a link section with one slot for each task in the binary.
//!
//! A generic function leaves its slot there by `asm!` when it is instantiated, so that no code runs
//! before `main` and tasks of generic functions, libraries and doctests are there too. The section's
//! name carries the version of this layout, so that two versions of concur in one binary do not read
//! each other's slots.

use super::section::section;
use crate::task::{Entry, Registered};

/// What the registry keeps of a task.
#[repr(C)]
pub(crate) struct Slot {
    run: Entry,
    type_name: fn() -> &'static str,
}

/// Leaves a slot for `T` in the registry and gives back its place there.
#[inline(never)]
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(crate) fn register<T: Registered>() -> u32 {
    let slot: *const Slot;
    // SAFETY: the first part only lays out data in a section of its own: two pointers, as `Slot`
    // has them. The second computes the address of that data and touches neither memory nor stack.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        core::arch::asm!(
            ".pushsection concur_tasks_1,\"awR\",@progbits",
            ".balign 8",
            "2:",
            ".quad {run}",
            ".quad {name}",
            ".popsection",
            "lea {slot}, [rip + 2b]",
            run = sym run::<T>,
            name = sym type_name::<T>,
            slot = out(reg) slot,
            options(nomem, nostack, preserves_flags),
        );
    }
    // SAFETY: as above.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        core::arch::asm!(
            ".pushsection concur_tasks_1,\"awR\",@progbits",
            ".balign 8",
            "2:",
            ".quad {run}",
            ".quad {name}",
            ".popsection",
            "adrp {slot}, 2b",
            "add {slot}, {slot}, :lo12:2b",
            run = sym run::<T>,
            name = sym type_name::<T>,
            slot = out(reg) slot,
            options(nomem, nostack, preserves_flags),
        );
    }
    let place = (slot.addr() - (&raw const START).addr()) / size_of::<Slot>();
    u32::try_from(place).expect("a binary has fewer than four thousand million tasks")
}

/// On other machines tasks run in the caller's process alone, and need no place.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) fn register<T: Registered>() -> u32 {
    u32::MAX
}

fn run<T: Registered>(call: &mut crate::task::Call<'_>) {
    T::run(call);
}

fn type_name<T: Registered>() -> &'static str {
    std::any::type_name::<T>()
}

section! {
    /// All slots of this binary, [`FIRST`] among them.
    pub(crate) fn slots() -> [Slot] in "concur_tasks_1",
    which FIRST keeps: Slot { run: |_| {}, type_name: || "" }
}

impl Slot {
    pub(crate) fn entry(&self) -> Entry {
        self.run
    }

    /// Where the slot's functions lie, relative to the registry: the same in every process that runs
    /// the same build, wherever it was loaded.
    pub(crate) fn offsets(&self) -> [usize; 2] {
        let base = (&raw const START).addr();
        [(self.run as usize).wrapping_sub(base), (self.type_name as usize).wrapping_sub(base)]
    }
}
