//! Which of concur's own threads keep this process from being forked.

use std::time::Duration;

use concur::{Config, Driver, ErrorKind, concurrent};

use crate::contract::{self, Marks, await_mark, eventually, mark};

/// Often enough that a thread is met in whatever it does between its task and its rest.
const ROUNDS: u32 = 300;

fn forks(round: u32, after: &str) {
    let run = concurrent! { one => round }.driver(Driver::Fork).run();
    match run {
        Ok(values) => assert_eq!(values, (round,)),
        Err(err) => panic!("after {after}, round {round}: {err}"),
    }
}

pub(crate) fn those_that_rest_do_not_count() {
    for round in 0..ROUNDS {
        let run = concurrent! { for number in 0..3_u32 => number }.driver(Driver::Thread).run();
        assert_eq!(run.expect("it is fine"), [0, 1, 2]);
        forks(round, "a run on Thread");
    }
}

pub(crate) fn those_that_end_do_not_count() {
    // Long enough for a thread to be at rest first, some of the time.
    let short = Duration::from_micros(50);
    let config = || Config::new().workers(contract::WORKERS);
    config().idle_timeout(short).install().expect("it is allowed");
    for round in 0..ROUNDS {
        concurrent! { one => () }.driver(Driver::Thread).run().expect("it is fine");
        forks(round, "a thread that is not kept");
        let deferred = concurrent! { one => () }.driver(Driver::Thread).defer();
        deferred.expect("it can be deferred").wait().expect("it is fine");
        forks(round, "a deferral on Thread");
        let deferred = concurrent! { one => () }.driver(Driver::Thread).defer();
        deferred.expect("it can be deferred").wait().expect("it is fine");
        let deferred = concurrent! { one => () }.driver(Driver::Fork).defer();
        deferred.expect("a fork can be made").wait().expect("it is fine");
    }
    config().install().expect("it is allowed");
}

pub(crate) fn those_that_work_count() {
    let fork = || concurrent! { one => 1 }.driver(Driver::Fork).run();
    let marks = Marks::new();
    let dir = marks.dir();
    let deferred = concurrent! {
        waits => { mark(&dir, "begun"); assert!(await_mark(&dir, "go")) },
    };
    let deferred = deferred.driver(Driver::Thread).defer().expect("it can be deferred");
    assert!(await_mark(&marks.dir(), "begun"));
    // The thread that drives the deferral, and the one that runs its task.
    let err = fork().expect_err("threads are at work");
    assert_eq!(err.kind(), ErrorKind::ForkUnsafe);
    assert!(err.to_string().contains("has 3 threads"), "{err}");
    mark(&marks.dir(), "go");
    deferred.wait().expect("it is fine");
    assert_eq!(fork().expect("they are at rest, or gone"), (1,));

    // One that was given up goes on.
    let marks = Marks::new();
    let dir = marks.dir();
    let late = concurrent! { late => { assert!(await_mark(&dir, "go")); mark(&dir, "over") } };
    let late = late.driver(Driver::Thread).timeout(Duration::from_millis(20)).run();
    assert_eq!(late.expect_err("it is late").kind(), ErrorKind::TimedOut);
    assert_eq!(fork().expect_err("it is still at work").kind(), ErrorKind::ForkUnsafe);
    mark(&marks.dir(), "go");
    assert!(await_mark(&marks.dir(), "over"));
    assert!(eventually(|| fork().is_ok()), "it is at rest");
}
