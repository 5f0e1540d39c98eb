//! concur, as a user writes it: blocks on the `Process` driver, with no set-up and no tuning.

use std::hint::black_box;

use concur::{Driver, concurrent};

use crate::plan::Effort;
use crate::sample::{Measure, burn, each_of, timed};

const MIB: usize = 1 << 20;

pub(crate) fn warm(_: &Effort) -> Measure {
    Box::new(|| each_of(8, one_task))
}

pub(crate) fn one_trip(_: &Effort) -> Measure {
    Box::new(|| timed(one_task))
}

pub(crate) fn fresh(_: &Effort) -> Measure {
    Box::new(|| {
        timed(|| {
            let x = black_box(41_u64);
            let (r,) = concurrent! { r => x + 1 }
                .driver(Driver::Process)
                .isolated()
                .run()
                .expect("the task ends well");
            assert_eq!(r, 42);
        })
    })
}

pub(crate) fn fresh_pair(_: &Effort) -> Measure {
    Box::new(|| {
        timed(|| {
            let (x, y) = (black_box(41_u64), black_box(1_u64));
            let both = concurrent! { a => x + 1, b => y + 1 }
                .driver(Driver::Process)
                .isolated()
                .run()
                .expect("the tasks end well");
            assert_eq!(both, (42, 2));
        })
    })
}

pub(crate) fn two_tasks(effort: &Effort) -> Measure {
    let steps = effort.steps;
    Box::new(move || {
        timed(|| {
            concurrent! { a => burn(1, steps), b => burn(2, steps) }
                .driver(Driver::Process)
                .run()
                .expect("the tasks end well")
        })
    })
}

pub(crate) fn bytes(_: &Effort) -> Measure {
    let data = vec![7_u8; MIB];
    Box::new(move || {
        timed(|| {
            let (output,) = concurrent! { r => data }
                .driver(Driver::Process)
                .run()
                .expect("the task ends well");
            assert_eq!(output.len(), MIB);
            output
        })
    })
}

pub(crate) fn many(effort: &Effort) -> Measure {
    let tasks = effort.tasks;
    // The workers are there, as those of a pool are once it is made.
    one_task();
    Box::new(move || {
        timed(|| {
            let results = concurrent! { for n in 0..u64::from(tasks) => n + 1 }
                .driver(Driver::Process)
                .limit(2)
                .run()
                .expect("the tasks end well");
            assert_eq!(results.into_iter().sum::<u64>(), (1..=u64::from(tasks)).sum::<u64>());
        }) / tasks
    })
}

/// One task on a worker that waits for it; the first starts what there is to start.
pub(crate) fn one_task() {
    let x = black_box(41_u64);
    let (r,) =
        concurrent! { r => x + 1 }.driver(Driver::Process).run().expect("the task ends well");
    assert_eq!(r, 42);
}
