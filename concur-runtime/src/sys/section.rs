//! Link sections that hold one slot for each of something in the binary, and how they are read.
//!
//! Slots come there by `asm!` in a generic function, one when it is instantiated, so that no code
//! runs before `main`. What they are is told by the registries, which write them and read them here.

/// `section! { fn slots() -> [Slot] in "name", which FIRST keeps: Slot { ... } }` gives the function that
/// reads the section `name`, the slot that keeps it in a binary with no other, and `START`, where it
/// begins. Beside it there is one `asm!` that leaves slots there, and nothing else does.
macro_rules! section {
    (
        $(#[$doc:meta])*
        $visibility:vis fn $slots:ident() -> [$slot:ty] in $name:literal, which FIRST keeps: $first:expr
    ) => {
        /// Keeps the section, and with it the symbols of its ends, in a binary that has nothing else
        /// in it.
        #[used]
        #[unsafe(link_section = $name)]
        static FIRST: $slot = $first;

        #[expect(
            improper_ctypes,
            reason = "these are symbols of the linker; no other language sees them"
        )]
        unsafe extern "C" {
            #[link_name = concat!("__start_", $name)]
            static START: $slot;
            #[link_name = concat!("__stop_", $name)]
            static STOP: $slot;
        }

        $(#[$doc])*
        $visibility fn $slots() -> &'static [$slot] {
            let start = &raw const START;
            let count = ((&raw const STOP).addr() - start.addr()) / size_of::<$slot>();
            // SAFETY: the linker sets both symbols to the ends of the section, which holds nothing but
            // slots (only `FIRST` and the `asm!` of this module put anything there, each aligned and
            // of the size of a slot, every field of it valid: a function pointer is the address of a
            // function of that type, and as an `Option` it is `Some`), is relocated before any of our
            // code runs, and is never written.
            unsafe { std::slice::from_raw_parts(start, count) }
        }
    };
}

pub(super) use section;
