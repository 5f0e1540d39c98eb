//! The machine's monotonic clock, as a number that every process reads alike.
//!
//! std keeps the number to itself, and rustix looks for the kernel's fast way to the clock anew in each
//! process that asks, which a fork that runs one task would feel. The C library has found it already.

use std::mem::MaybeUninit;

/// Nanoseconds since a moment before all processes.
pub(crate) fn nanos() -> u64 {
    let mut now = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: `now` is a valid place for the result. The clock exists on every Linux, so the call cannot
    // fail.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, now.as_mut_ptr()) };
    // SAFETY: all bytes zero is a valid `timespec`, and the call has written another.
    let now = unsafe { now.assume_init() };
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    let nanos = u64::try_from(now.tv_nsec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(nanos)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn it_goes_as_the_clock_of_std_does() {
        let (start, before) = (Instant::now(), nanos());
        std::thread::sleep(Duration::from_millis(2));
        let took = Duration::from_nanos(nanos() - before);
        assert!(took >= Duration::from_millis(2) && took <= start.elapsed(), "{took:?}");
    }
}
