//! Timeouts and deadlines: what they end, and how that is told.

use std::time::Duration;

use concur::{Driver, ErrorKind, TaskError, concurrent};

use super::{Marks, await_mark, has_processes, is_alive, is_concurrent, mark};

/// Short enough to be waited for in a test.
const SHORT: Duration = Duration::from_millis(150);

/// Runs past any short limit. What can be stopped only by ending, ends soon after.
fn linger(marks: &std::path::Path, concurrent: bool) {
    if concurrent {
        await_mark(marks, "release");
    } else {
        std::thread::sleep(2 * SHORT);
    }
}

pub(crate) fn a_timeout_is_told_as_such(driver: &Driver) {
    let marks = Marks::new();
    let (dir, concurrent) = (marks.dir(), is_concurrent(driver));
    let err = concurrent! { slow => { linger(&dir, concurrent); mark(&dir, "done"); } }
        .driver(driver.clone())
        .timeout(SHORT)
        .run()
        .expect_err("it is too slow");
    assert_eq!((err.kind(), err.task()), (ErrorKind::TimedOut, Some("slow")));
    assert!(err.to_string().contains("timeout of 150ms"), "{err}");
    let failure = &err.failures()[0];
    assert!(failure.may_have_run());
    assert_eq!((failure.signal(), failure.exit_code(), failure.attempts()), (None, None, 1));
    assert!(failure.elapsed() >= SHORT, "{:?}", failure.elapsed());
    assert_eq!(marks.has("done"), !concurrent);
    if has_processes(driver) {
        assert!(!is_alive(failure.pid().expect("it ran")), "it still runs");
    }
    mark(&dir, "release");
}

pub(crate) fn a_timeout_is_its_task_s_alone(driver: &Driver) {
    let marks = Marks::new();
    let (dir, concurrent) = (marks.dir(), is_concurrent(driver));
    let (quick, slow, other) = concurrent! {
        quick => 1,
        slow => linger(&dir, concurrent),
        other => 3,
    }
    .driver(driver.clone())
    .timeout(SHORT * 4)
    .settle()
    .run()
    .expect("a settled run does not fail");
    mark(&dir, "release");
    assert_eq!((quick.expect("it is quick"), other.expect("it is quick")), (1, 3));
    if concurrent {
        assert_eq!(slow.expect_err("it is too slow").kind(), ErrorKind::TimedOut);
    }
    let (next,) = concurrent! { next => 4 }.driver(driver.clone()).run().expect("it is fine");
    assert_eq!(next, 4);
}

pub(crate) fn many_timeouts_at_once(driver: &Driver) {
    let marks = Marks::new();
    let (dir, concurrent) = (marks.dir(), is_concurrent(driver));
    let count = if concurrent { 16 } else { 3_u32 };
    let results: Vec<Result<(), TaskError>> =
        concurrent! { for _ in 0..count => linger(&dir, concurrent) }
            .driver(driver.clone())
            .timeout(SHORT)
            .settle()
            .run()
            .expect("a settled run does not fail");
    mark(&dir, "release");
    assert_eq!(results.len(), count as usize);
    for result in results {
        let err = result.expect_err("each is too slow");
        assert_eq!(err.kind(), ErrorKind::TimedOut, "{err}");
    }
    let after = concurrent! { for number in 0..20_u32 => number }.driver(driver.clone()).run();
    assert_eq!(after.expect("all are fine").len(), 20);
}

pub(crate) fn a_deadline_ends_what_runs_and_what_waits(driver: &Driver) {
    let marks = Marks::new();
    let (dir, concurrent) = (marks.dir(), is_concurrent(driver));
    let (first, second, third) = concurrent! {
        first => 1,
        second => linger(&dir, concurrent),
        third => mark(&dir, "third"),
    }
    .driver(driver.clone())
    .limit(1)
    .deadline(SHORT * 2)
    .settle()
    .run()
    .expect("a settled run does not fail");
    mark(&dir, "release");
    if let Err(late) = &first {
        // A machine that is very busy.
        assert_eq!(late.kind(), ErrorKind::TimedOut);
    }
    if concurrent {
        let second = second.expect_err("it runs when the deadline passes");
        assert_eq!(second.kind(), ErrorKind::TimedOut);
        assert!(second.to_string().contains("deadline"), "{second}");
    }
    let third = third.expect_err("its turn never comes");
    assert_eq!(
        (third.kind(), third.may_have_run(), third.attempts()),
        (ErrorKind::TimedOut, false, 0)
    );
    assert!(!marks.has("third"));
}

pub(crate) fn a_deadline_fails_the_run_once(driver: &Driver) {
    let marks = Marks::new();
    let (dir, concurrent) = (marks.dir(), is_concurrent(driver));
    let err = concurrent! { for _ in 0..4 => linger(&dir, concurrent) }
        .driver(driver.clone())
        .deadline(SHORT)
        .run()
        .expect_err("the deadline passes");
    mark(&dir, "release");
    assert_eq!(err.kind(), ErrorKind::TimedOut, "{err:?}");
    assert!(!err.failures().is_empty());
    let (next,) = concurrent! { next => 4 }.driver(driver.clone()).run().expect("it is fine");
    assert_eq!(next, 4);
}

pub(crate) fn a_limit_that_is_not_reached_changes_nothing(driver: &Driver) {
    for limit in [Duration::from_secs(3600), Duration::MAX] {
        let results = concurrent! { for number in 0..50_u32 => number }
            .driver(driver.clone())
            .timeout(limit)
            .deadline(limit)
            .run()
            .expect("all succeed");
        assert_eq!(results, (0..50).collect::<Vec<u32>>());
    }
}
