//! One sample: the median of many iterations of one contender, taken in a process of its own.
//!
//! It prints the median in nanoseconds, one line, and ends; the conductor reads it. What a single
//! iteration does is the contender's; how it is repeated is the same for all and stands here. A
//! contender that fails panics, and the conductor sees a sample that failed.

use std::thread;
use std::time::{Duration, Instant};

use crate::plan;

/// Runs one iteration and says how long that took, without what had to be put in order around it.
pub(crate) type Measure = Box<dyn FnMut() -> Duration>;

/// Takes the sample that the keys name, and prints it.
pub(crate) fn run(row: &str, contender: &str, effort: &str) {
    let (row, contender) = plan::find(row, contender).expect("the conductor names what it found");
    let effort = if effort == plan::FULL.name { &plan::FULL } else { &plan::QUICK };
    let measure = (contender.prepare)(effort);
    let divided = |count: u32| count.div_ceil(effort.divisor);
    let median = median_of(
        measure,
        divided(row.iterations.warm_up),
        divided(row.iterations.counted),
        effort.sample,
    );
    println!("{}", median.as_nanos());
}

/// Warms up for at most a quarter of the limit, then counts until the number or the limit is
/// reached, at least once.
fn median_of(mut measure: Measure, warm_up: u32, counted: u32, limit: Duration) -> Duration {
    let start = Instant::now();
    for _ in 0..warm_up {
        if start.elapsed() > limit / 4 {
            break;
        }
        measure();
    }
    let start = Instant::now();
    let mut times = vec![measure()];
    for _ in 1..counted {
        if start.elapsed() > limit {
            break;
        }
        times.push(measure());
    }
    median(times)
}

/// The upper one of the two in the middle, of an even number.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The time of one call.
pub(crate) fn timed<R>(work: impl FnOnce() -> R) -> Duration {
    let start = Instant::now();
    let result = work();
    let took = start.elapsed();
    drop(result);
    took
}

/// The time of one call among several back to back, so that reading the clock does not count.
pub(crate) fn each_of(calls: u32, mut work: impl FnMut()) -> Duration {
    timed(|| (0..calls).for_each(|_| work())) / calls
}

/// Each iteration after the pause that a program with other things to do would make.
pub(crate) fn after_idling(mut measure: Measure) -> Measure {
    Box::new(move || {
        thread::sleep(Duration::from_millis(1));
        measure()
    })
}

/// A CPU-bound task: xorshift, nothing that an optimizer or a cache could shorten.
pub(crate) fn burn(seed: u64, steps: u64) -> u64 {
    (0..steps).fold(seed, |state, _| {
        let state = state ^ (state << 13);
        let state = state ^ (state >> 7);
        state ^ (state << 17)
    })
}
