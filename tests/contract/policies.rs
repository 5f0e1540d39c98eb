//! Retries, and runs for which one success is enough.

use std::path::Path;
use std::time::Duration;

use concur::{Driver, ErrorKind, Failure, concurrent};

use super::{Marks, mark};

/// Counts its calls in a directory; gives the number of this one, from 1.
fn count_call(dir: &Path) -> usize {
    let count = std::fs::read_dir(dir).map_or(0, |entries| {
        let names = entries.flatten().map(|entry| entry.file_name());
        names.filter(|name| name.to_string_lossy().starts_with("call")).count()
    });
    mark(dir, &format!("call{}", count + 1));
    count + 1
}

pub(crate) fn without_retries_a_task_is_tried_once(driver: &Driver) {
    let marks = Marks::new();
    let dir = marks.dir();
    let tasks = concurrent! { fails => { count_call(&dir); Err::<(), _>("no luck")? } };
    let err = tasks.driver(driver.clone()).run().expect_err("it fails");
    assert_eq!((err.failures()[0].attempts(), err.failures()[0].earlier().len()), (1, 0));
    assert!(!marks.has("call2"));
}

pub(crate) fn a_task_that_fails_is_tried_again(driver: &Driver) {
    let marks = Marks::new();
    let dir = marks.dir();
    let tasks = concurrent! {
        flaky => {
            let call = count_call(&dir);
            match call {
                1 => Err(format!("call {call} fails"))?,
                2 => panic!("call {call} panics"),
                _ => call,
            }
        },
        steady => 7,
    };
    let result = tasks.driver(driver.clone()).retries(2).run();
    assert_eq!(result.expect("the third attempt succeeds"), (3, 7));
    assert!(!marks.has("call4"));
}

pub(crate) fn when_every_attempt_fails_each_failure_is_kept(driver: &Driver) {
    let marks = Marks::new();
    let dir = marks.dir();
    let tasks = concurrent! { flaky => Err::<(), _>(format!("call {}", count_call(&dir)))? };
    let backoff = Duration::from_millis(1);
    let err = tasks.driver(driver.clone()).retries(3).backoff(backoff).run().expect_err("it fails");
    let failure = &err.failures()[0];
    assert_eq!((failure.message(), failure.attempts()), ("call 4", 4));
    let earlier: Vec<&str> = failure.earlier().iter().map(concur::TaskError::message).collect();
    assert_eq!(earlier, ["call 1", "call 2", "call 3"]);
    assert!(err.to_string().contains("after 4 attempts"), "{err}");
    let long = format!("{err:?}");
    assert!(long.contains("attempt 2: task `flaky` failed: call 2"), "{long}");
    assert!(!failure.had_no_time_to_retry() && !long.contains("no time was left"), "{long}");
}

pub(crate) fn a_permanent_failure_is_not_tried_again(driver: &Driver) {
    let marks = Marks::new();
    let dir = marks.dir();
    let tasks = concurrent! {
        refused => { count_call(&dir); Err::<(), _>(Failure::permanent("not allowed"))? },
    };
    let err = tasks.driver(driver.clone()).retries(5).run().expect_err("it fails");
    assert_eq!((err.failures()[0].attempts(), err.failures()[0].message()), (1, "not allowed"));
    assert!(!marks.has("call2"));
}

pub(crate) fn no_attempt_begins_after_the_deadline(driver: &Driver) {
    let marks = Marks::new();
    let dir = marks.dir();
    let tasks = concurrent! { flaky => { count_call(&dir); Err::<(), _>("no luck")? } };
    let long = Duration::from_secs(3600);
    let tasks = tasks.driver(driver.clone()).retries(5).backoff(long);
    // It is not worth waiting for an attempt that would begin too late.
    let err = tasks.deadline(Duration::from_secs(600)).run().expect_err("it fails");
    let failure = &err.failures()[0];
    assert_eq!((err.kind(), failure.attempts()), (ErrorKind::Failed, 1));
    assert!(failure.had_no_time_to_retry() && failure.earlier().is_empty());
    let text = failure.to_string();
    assert!(text.starts_with("task `flaky` failed: no luck ("), "{text}");
    assert!(text.ends_with("no time was left for another attempt)"), "{text}");
}

pub(crate) fn retries_do_not_hold_up_other_tasks(driver: &Driver) {
    let marks = Marks::new();
    let dir = marks.dir();
    let results = concurrent! {
        for number in 0..30_u32 => {
            if number % 3 == 0 && count_call(&dir.join(number.to_string())) < 3 {
                Err(format!("{number} is not ready"))?;
            }
            number
        }
    };
    for number in 0..30 {
        std::fs::create_dir(marks.dir().join(number.to_string())).expect("there is room");
    }
    let backoff = Duration::from_millis(2);
    let results = results.driver(driver.clone()).limit(2).retries(2).backoff(backoff).run();
    assert_eq!(results.expect("all succeed in the end"), (0..30).collect::<Vec<_>>());
}

pub(crate) fn any_gives_the_first_success(driver: &Driver) {
    let tasks = concurrent! {
        for number in 0..8_u32 => {
            if number != 5 {
                Err(format!("{number} is not it"))?;
            }
            number
        }
    };
    assert_eq!(tasks.driver(driver.clone()).any().run().expect("one succeeds"), 5);
}

pub(crate) fn any_fails_with_all_failures(driver: &Driver) {
    let tasks = concurrent! { for number in 0..4_u32 => Err::<u32, _>(number.to_string())? };
    let err = tasks.driver(driver.clone()).any().run().expect_err("none succeeds");
    let mut messages: Vec<&str> = err.failures().iter().map(concur::TaskError::message).collect();
    messages.sort_unstable();
    assert_eq!(messages, ["0", "1", "2", "3"]);
    let none = concurrent! { for number in 0..0_u32 => number }.driver(driver.clone()).any().run();
    assert_eq!(none.expect_err("there is none").kind(), ErrorKind::Failed);
}

pub(crate) fn any_does_not_ask_for_more_than_it_needs(driver: &Driver) {
    let tasks = concurrent! { for number in 0_u64.. => number }.driver(driver.clone());
    assert!(tasks.limit(2).any().run().is_ok());
}
