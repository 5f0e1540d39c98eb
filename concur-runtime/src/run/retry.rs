//! Whether a task is tried again, and when.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use crate::config::Settings;
use crate::error::{ErrorKind, TaskError};

/// Pauses grow no longer than this, unless the first one is.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Whether another attempt may end differently. One that never started, or whose arguments or result
/// cannot travel, would meet the same end.
pub(super) fn is_worth_another(err: &TaskError) -> bool {
    let kind = matches!(
        err.kind(),
        ErrorKind::Failed
            | ErrorKind::Panicked
            | ErrorKind::TimedOut
            | ErrorKind::Killed
            | ErrorKind::Exited
    );
    kind && !err.is_permanent()
}

/// The pause after attempt number `attempt`: it doubles each time, and up to as much again is added at
/// random, so that tasks that failed together do not come back together.
pub(super) fn pause_after(attempt: u32, settings: &Settings) -> Duration {
    let Some(first) = settings.backoff.filter(|first| !first.is_zero()) else {
        return Duration::ZERO;
    };
    let pauses = ExponentialBuilder::new()
        .with_min_delay(first)
        .with_max_delay(first.max(LONGEST_PAUSE))
        .with_factor(2.0)
        .without_max_times()
        .with_jitter();
    let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    // Past this many doublings every first pause has become the longest one.
    pauses.build().nth(index.min(64)).unwrap_or(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Methods;

    #[test]
    fn pauses_double_up_to_a_bound_and_have_jitter() {
        let mut methods = Methods::default();
        methods.options.backoff = Some(Duration::from_millis(100));
        let settings = Settings::resolve(&methods).expect("it is allowed");
        for (attempt, least) in [(1, 100), (2, 200), (3, 400), (30, 60_000), (1_000_000, 60_000)] {
            let pause = pause_after(attempt, &settings);
            let least = Duration::from_millis(least);
            assert!(pause >= least && pause <= 2 * least, "{attempt}: {pause:?}");
        }
    }

    #[test]
    fn without_backoff_there_is_no_pause() {
        let settings = Settings::resolve(&Methods::default()).expect("it is allowed");
        assert_eq!(pause_after(3, &settings), Duration::ZERO);
    }
}
