//! Code that a program must call and cannot mend: a C library, a plug-in, a parser that is fed by
//! strangers. In the calling process most of these functions would be the end of it all.

use std::hint::black_box;
use std::num::ParseIntError;
use std::process;

/// The one without a fault.
pub(crate) fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

/// Fails in the way that is meant for it.
pub(crate) fn parse(text: &str) -> Result<u32, ParseIntError> {
    text.parse()
}

/// Takes for granted that there are three.
pub(crate) fn third(numbers: &[u32]) -> u32 {
    numbers[2]
}

/// Finds its memory corrupted and aborts, as C's `assert` and `free` do.
pub(crate) fn fails_its_own_check() {
    process::abort()
}

/// Goes down to zero step by step, and does not ask on which side of it it begins.
pub(crate) fn factorial(number: i64) -> i64 {
    if number == 0 { 1 } else { number.wrapping_mul(black_box(factorial(number - 1))) }
}

/// Waits for what never comes, and uses all of a processor for it.
pub(crate) fn waits_for_ever() {
    while black_box(true) {}
}

/// Wants twice as much memory as it has, again and again.
pub(crate) fn hoard() {
    let mut hoard: Vec<u8> = Vec::new();
    while black_box(true) {
        hoard.reserve_exact((2 * hoard.capacity()).max(1 << 20));
    }
}

/// Thinks that it is the whole program, and that the program is done.
pub(crate) fn quits() {
    process::exit(0)
}
