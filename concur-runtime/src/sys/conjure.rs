//! Makes a value of a type that has no bytes, on the other side of a process boundary.

use std::mem::MaybeUninit;

/// The value of a closure that captures nothing, or of a function item.
///
/// Only called with two kinds of types, both made certain by the code a macro generates: closures
/// that were coerced to a function pointer (so they capture nothing at all), and callables of zero
/// size that a task captured (a value of the type was there when the block was built).
#[inline]
pub(crate) fn conjure<F>() -> F {
    const {
        assert!(
            size_of::<F>() == 0,
            "a callable can be sent to a task only if it captures nothing"
        );
    };
    let nothing = MaybeUninit::<F>::uninit();
    // SAFETY: `F` has no bytes, so there is nothing that could be uninitialized; and a value of `F`
    // exists, or existed, in the program that asks (see above), so `F` is inhabited.
    unsafe { nothing.assume_init() }
}
