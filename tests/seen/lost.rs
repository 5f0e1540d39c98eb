//! What becomes of records when their task does not end well, or when they are more than anybody reads:
//! they are there, or they are counted.

use std::time::Duration;

use concur::{Driver, ErrorKind, concurrent};
use tracing::Level;

use super::harness::Check;
use super::recorder::Recorder;
use super::{ELSEWHERE, watch};

pub(crate) const CHECKS: &[Check] = &[
    ("what_was_recorded_before_a_crash_is_there", what_was_recorded_before_a_crash_is_there),
    ("what_was_recorded_before_a_timeout_is_there", what_was_recorded_before_a_timeout_is_there),
    ("a_flood_is_told_in_order_or_counted", a_flood_is_told_in_order_or_counted),
    ("a_caller_who_does_not_read_holds_up_no_task", a_caller_who_does_not_read_holds_up_no_task),
];

fn what_was_recorded_before_a_crash_is_there() {
    for driver in ELSEWHERE {
        let seen = watch(Level::INFO, || {
            let run = concurrent! {
                aborts => {
                    tracing::info!(target: "test", "aborts");
                    std::process::abort()
                },
                exits => {
                    tracing::info!(target: "test", "exits");
                    std::process::exit(3)
                },
                panics => {
                    tracing::info!(target: "test", "panics");
                    panic!("no luck")
                },
            };
            let run = run.settle().driver(driver.clone()).run();
            let (aborts, exits, panics): (Result<(), _>, Result<(), _>, Result<(), _>) =
                run.expect("it settles");
            let kinds = [aborts, exits, panics].map(|one| one.expect_err("it does not end").kind());
            assert_eq!(kinds, [ErrorKind::Killed, ErrorKind::Exited, ErrorKind::Panicked]);
        });
        let events = seen.events("test");
        for task in ["aborts", "exits", "panics"] {
            let event = events.iter().find(|event| event.message() == task);
            let event = event.unwrap_or_else(|| panic!("{driver}: {task} was heard: {events:?}"));
            assert_eq!(seen.task_of(event), Some(format!("str {task}")), "{driver}");
        }
    }
}

fn what_was_recorded_before_a_timeout_is_there() {
    let came_to_it = |driver: &Driver, timeout: Duration| {
        let marks = tempfile::TempDir::new().expect("there is room for a directory");
        let mark = marks.path().join("recorded");
        let seen = watch(Level::INFO, || {
            let run = concurrent! {
                hangs => {
                    tracing::info!(target: "test", "here it begins");
                    std::fs::write(&mark, "")?;
                    loop { std::hint::spin_loop() }
                },
            };
            let run: Result<((),), _> = run.timeout(timeout).driver(driver.clone()).run();
            assert_eq!(run.expect_err("it hangs").kind(), ErrorKind::TimedOut);
        });
        let came_to_it = mark.exists();
        assert!(!came_to_it || seen.events("test").len() == 1, "{driver}");
        came_to_it
    };
    for driver in ELSEWHERE {
        // On a machine that has other things to do, the task may not have come so far.
        let timeouts = [50, 500, 5_000, 50_000].map(Duration::from_millis);
        assert!(timeouts.into_iter().any(|timeout| came_to_it(&driver, timeout)), "{driver}");
    }
}

/// How many events of a flood came, in order, and how many were lost on the way.
fn came_and_lost(seen: &Recorder) -> (u64, u64) {
    let number = |text: &String| -> u64 {
        let digits = text.split_once(' ').map_or("", |(_, digits)| digits);
        digits.parse().expect("it is a number")
    };
    let numbers: Vec<u64> =
        seen.events("test").iter().filter_map(|event| event.fields.get("n").map(number)).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next), "in order");
    let lost = seen.events("concur").into_iter().filter(|event| {
        assert_eq!(*event.metadata.level(), Level::WARN);
        assert!(event.message().contains("events of task `flood"), "{event:?}");
        true
    });
    (numbers.len() as u64, lost.map(|event| number(&event.fields["lost"])).sum())
}

fn a_flood_is_told_in_order_or_counted() {
    const MANY: u64 = 100_000;
    for driver in ELSEWHERE {
        let seen = watch(Level::INFO, || {
            let run = concurrent! {
                flood => for n in 0..MANY { tracing::info!(target: "test", n, "one of many") },
            };
            run.driver(driver.clone()).run().expect("it ends");
        });
        let (came, lost) = came_and_lost(&seen);
        assert_eq!(came + lost, MANY, "{driver}: {came} came");
        assert!(came > 0, "{driver}");
    }
}

fn a_caller_who_does_not_read_holds_up_no_task() {
    const MANY: u64 = 20_000;
    let marks = tempfile::TempDir::new().expect("there is room for a directory");
    let (go, done) = (marks.path().join("go"), marks.path().join("done"));
    let seen = watch(Level::INFO, || {
        let floods = [false, true];
        let outcomes = concurrent! { for floods in floods => {
            if floods {
                while !go.exists() {
                    std::thread::yield_now();
                }
                for n in 0..MANY {
                    tracing::info!(target: "test", n, "one of many");
                }
                std::fs::write(&done, "")?;
            }
        } }
        .driver(Driver::Process);
        let mut outcomes = outcomes.limit(2).iter();
        // The first one has ended. Until the next is asked for nobody reads what the other says.
        assert!(matches!(outcomes.next(), Some((0, Ok(())))));
        std::fs::write(&go, "").expect("a mark can be left");
        while !done.exists() {
            std::thread::yield_now();
        }
        assert!(matches!(outcomes.next(), Some((1, Ok(())))));
    });
    let (came, lost) = came_and_lost(&seen);
    assert_eq!(came + lost, MANY, "{came} came");
    assert!(lost > 0, "nobody read them");
}
