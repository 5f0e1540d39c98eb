//! Scenarios of several threads that share one supervisor, and of what comes after the end.

use std::path::Path;
use std::thread;
use std::time::Duration;

use concur::{Config, Driver, ErrorKind, concurrent};

use crate::contract::{await_mark, mark};

const LONG: Duration = Duration::from_secs(60);

/// Each of them hears of the end, whoever reads it.
pub(crate) fn all_who_wait_are_told(dir: &Path) {
    // Fork first: it forks a program of one thread.
    for driver in [Driver::Fork, Driver::Process] {
        let (there, word) = (dir.to_owned(), format!("go {driver}"));
        let deferred = concurrent! { slow => { assert!(await_mark(&there, &word)); } }
            .driver(driver)
            .defer()
            .expect("it can be deferred");
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| deferred.wait().expect("it ends well"));
            }
            scope.spawn(|| concur::flush(LONG).expect("it ends in time"));
            // Somebody who only looks takes nothing away from those who wait.
            while !deferred.is_done() {
                mark(dir, &word);
                thread::yield_now();
            }
        });
    }
}

/// Whoever defers need not wait for what another one waits for.
pub(crate) fn deferring_goes_on_while_others_wait(dir: &Path) {
    // The slow one has a worker for itself, on one processor too.
    Config::new().workers(2).install().expect("it is a setting");
    let there = dir.to_owned();
    let slow = concurrent! { slow => { assert!(await_mark(&there, "all deferred")); } };
    let slow = slow.defer().expect("it can be deferred");
    thread::scope(|scope| {
        scope.spawn(|| slow.wait().expect("it ends well"));
        for _ in 0..3 {
            scope.spawn(|| {
                for n in 0..20_u32 {
                    concurrent! { quick => n }.defer().expect("it can be deferred");
                }
            });
        }
        let quick = concurrent! { quick => () }.defer().expect("it can be deferred");
        quick.wait_for(LONG).expect("it ends beside the slow one");
        mark(dir, "all deferred");
    });
    concur::flush(LONG).expect("all are done");
}

/// Many that wait for a worker, among them some that pause before another attempt or run out of time.
pub(crate) fn hundreds_deferred_one_by_one_each_end_once(dir: &Path) {
    const COUNT: usize = 400;
    let log = dir.join("ran");
    let mut deferred = Vec::new();
    for n in 0..COUNT {
        let log = log.clone();
        let task = concurrent! {
            counted => {
                use std::io::Write;
                if n % 40 != 27 {
                    let mut log = std::fs::File::options().append(true).create(true).open(&log)?;
                    log.write_all(b".")?;
                }
                match n % 40 {
                    13 if concur::task::current().is_some_and(|task| task.attempt() < 3) => {
                        Err("not yet")?;
                    }
                    27 => thread::sleep(LONG),
                    _ => {}
                }
            },
        };
        let task = task.timeout(Duration::from_millis(if n % 40 == 27 { 50 } else { 30_000 }));
        let task = task.retries(if n % 40 == 13 { 2 } else { 0 });
        deferred.push(task.backoff(Duration::from_millis(20)).defer().expect("it is held"));
    }
    concur::flush(LONG).expect("all are done");
    for (n, deferred) in deferred.iter().enumerate() {
        match deferred.wait() {
            Err(err) => assert!(n % 40 == 27, "{n}: {err}"),
            Ok(()) => assert_ne!(n % 40, 27),
        }
    }
    let ran = std::fs::read(log).expect("it was written").len();
    assert_eq!(ran, COUNT - COUNT / 40 + 2 * COUNT / 40, "each attempt once");
}

pub(crate) fn attempts_are_kept_for_who_waits(_: &Path) {
    for driver in [Driver::Process, Driver::Fork, Driver::Thread, Driver::Sync] {
        let deferred = concurrent! { down => Err::<(), _>("no answer")? }
            .retries(2)
            .driver(driver.clone())
            .defer()
            .expect("it can be deferred");
        let err = deferred.wait().expect_err("every attempt fails");
        let failure = &err.failures()[0];
        assert_eq!((failure.attempts(), failure.earlier().len()), (3, 2), "{driver}");
        assert!(failure.earlier().iter().all(|one| one.message() == "no answer"), "{driver}");
        assert!(err.to_string().contains("after 3 attempts"), "{driver}: {err}");
    }
}

pub(crate) fn nothing_is_deferred_after_shutdown(_: &Path) {
    concur::shutdown(Duration::from_secs(5)).expect("nothing is under way");
    for driver in [Driver::Process, Driver::Fork, Driver::Thread, Driver::Sync] {
        let late = concurrent! { late => () }.driver(driver.clone()).defer();
        let err = late.map(|_| ()).expect_err("the program is ending");
        assert_eq!(err.kind(), ErrorKind::Cancelled, "{driver}: {err}");
    }
    assert!(crate::processes::children(std::process::id()).is_empty());
}
