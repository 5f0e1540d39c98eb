//! The time that a task has asked for between being told to stop and being killed, as one word of the
//! slot: the number of its request and microseconds, written and read at once.

use std::time::Duration;

pub(crate) fn pack(turn: u32, grace: Duration) -> u64 {
    // Rounded up: what is asked for is kept.
    let micros = grace.as_nanos().div_ceil(1000);
    (u64::from(turn) << 32) | u64::from(u32::try_from(micros).unwrap_or(u32::MAX))
}

/// The time that request `turn` has asked for; zero if it has not.
pub(crate) fn unpack(word: u64, turn: u32) -> Duration {
    if word >> 32 == u64::from(turn) {
        Duration::from_micros(word & u64::from(u32::MAX))
    } else {
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inside::LONGEST_GRACE;

    #[test]
    fn what_was_asked_for_is_granted_to_that_request_alone() {
        for grace in [Duration::from_nanos(1), Duration::from_millis(7), LONGEST_GRACE] {
            for turn in [1, 2, u32::MAX] {
                let word = pack(turn, grace);
                let granted = unpack(word, turn);
                assert!(granted >= grace && granted < grace + Duration::from_micros(1));
                assert_eq!(unpack(word, turn.wrapping_add(1)), Duration::ZERO);
            }
        }
        assert_eq!(unpack(0, 1), Duration::ZERO);
        assert_eq!(unpack(pack(5, Duration::ZERO), 5), Duration::ZERO);
    }
}
