//! The contract on driver Sync.

#[macro_use]
mod contract;
#[macro_use]
#[path = "contract/threaded.rs"]
mod threaded;

use std::time::Duration;

use concur::{Driver, ErrorKind, concurrent};
use contract::{
    awaiting, basics, errors, hints, inside, nesting, policies, sizes, time, told, values,
};

macro_rules! tests {
    ($($theme:ident::$name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                contract::prepare();
                $theme::$name(&concur::Driver::Sync);
            }
        )*
    };
}

every_contract!(tests);
threaded_contract!(tests);
#[cfg(feature = "tokio")]
async_contract!(tests);

#[test]
fn a_single_task_past_the_deadline_is_told_so() {
    contract::prepare();
    let err = concurrent! { slow => { std::thread::sleep(Duration::from_millis(100)); 1 } }
        .driver(Driver::Sync)
        .deadline(Duration::from_millis(50))
        .run()
        .expect_err("it was done too late");
    assert_eq!((err.kind(), err.task()), (ErrorKind::TimedOut, Some("slow")), "{err}");
    assert!(err.to_string().contains("deadline"), "{err}");
}

#[test]
fn of_many_attempts_the_first_and_the_last_failures_are_kept() {
    contract::prepare();
    let err =
        concurrent! { number => Err::<(), _>(concur::task::current().map_or(0, |task| task.attempt()).to_string())? }
            .driver(Driver::Sync)
            .retries(300)
            .run()
            .expect_err("each attempt fails");
    let failure = &err.failures()[0];
    assert_eq!((failure.message(), failure.attempts()), ("301", 301));
    let earlier: Vec<u32> =
        failure.earlier().iter().map(|err| err.message().parse().expect("a number")).collect();
    assert_eq!(earlier, (1..=50).chain(251..=300).collect::<Vec<_>>());
    let long = format!("{err:?}");
    let gap = "attempt 50: task `number` failed: 50";
    let lines = ["\nattempts 51 to 250 are not kept\n", "attempt 251: task `number` failed: 251"];
    assert!(long.contains(gap) && lines.iter().all(|line| long.contains(line)), "{long}");
}
