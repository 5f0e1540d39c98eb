//! `queue_limit` and `when_full`.
//!
//! Runs are begun by polling them once, so that who is under way and who waits is certain.

use std::cell::Cell;
use std::future::IntoFuture;
use std::path::{Path, PathBuf};

use concur::{Driver, Error, ErrorKind, WhenFull, concurrent};

use crate::contract::{await_mark, eventually, mark};
use crate::workers::{DRIVERS, finish, poll};

/// A directory of its own for the marks of each driver.
fn below(dir: &Path, driver: &Driver) -> PathBuf {
    let dir = dir.join(driver.name());
    std::fs::create_dir(&dir).expect("there is room");
    dir
}

/// A run whose task goes on until it is released.
fn holding(dir: &Path, driver: &Driver) -> impl Future<Output = Result<(bool,), Error>> + Unpin {
    let dir = dir.to_owned();
    let block = concurrent! { holds => await_mark(&dir, "release") };
    block.driver(driver.clone()).into_future()
}

pub(crate) fn a_full_queue_fails_runs_that_begin(dir: &Path) {
    for driver in DRIVERS {
        let dir = below(dir, &driver);
        let mut runs: Vec<_> = (0..3).map(|_| holding(&dir, &driver)).collect();
        for run in &mut runs {
            assert!(poll(run).is_none(), "one is under way, two wait");
        }
        let err = concurrent! { late => 1, later => 2 }.driver(driver.clone()).run();
        let err = err.expect_err("there is no room");
        assert_eq!((err.kind(), err.task()), (ErrorKind::Overloaded, Some("late")));
        assert_eq!(
            err.to_string(),
            "task `late` found no room: as many tasks as `queue_limit` allows wait for a worker \
             already: 2"
        );
        assert!(!err.failures()[0].may_have_run());
        // Each task for itself where failures are kept.
        let settled = concurrent! { for n in 0..10 => n }.driver(driver.clone()).settle().run();
        for one in settled.expect("a settled run does not fail") {
            assert_eq!(one.expect_err("there is no room").kind(), ErrorKind::Overloaded);
        }
        mark(&dir, "release");
        for ended in finish(&mut runs) {
            assert_eq!(ended.expect("who waited had their turn"), (true,));
        }
        let after = concurrent! { for n in 0..10 => n }.driver(driver.clone()).run();
        assert_eq!(after.expect("there is room again").len(), 10);
    }
}

pub(crate) fn without_a_queue_nobody_waits(dir: &Path) {
    for driver in DRIVERS {
        let dir = below(dir, &driver);
        let mut holds = holding(&dir, &driver);
        assert!(poll(&mut holds).is_none());
        let err = concurrent! { late => 1 }.driver(driver.clone()).run();
        let text = err.expect_err("no worker is free").to_string();
        assert_eq!(
            text,
            "task `late` found no room: no worker is free, and `queue_limit` is 0, so that none waits \
             for one"
        );
        // Deferred tasks wait, whoever carries them out.
        if driver == Driver::Thread {
            let deferred = concurrent! { later => () }.driver(driver.clone()).defer();
            let deferred = deferred.expect("it is held");
            mark(&dir, "release");
            deferred.wait().expect("it had its turn");
        }
        mark(&dir, "release");
        assert_eq!(finish(&mut [holds]).remove(0).expect("it succeeds"), (true,));
        assert_eq!(concurrent! { one => 1 }.driver(driver).run().expect("one is free"), (1,));
    }
}

pub(crate) fn a_run_that_was_let_in_goes_on(_dir: &Path) {
    for driver in DRIVERS {
        // One after the other on the one worker, which goes to others in between.
        let long = concurrent! { for n in 0..200_u32 => n };
        let mut long = long.driver(driver.clone()).into_future();
        assert!(poll(&mut long).is_none());
        for round in 0..5 {
            let other = concurrent! { other => round }.driver(driver.clone());
            let mut other = other.when_full(WhenFull::Wait).into_future();
            assert!(poll(&mut other).is_none());
            let mut ended = None;
            let came = eventually(|| {
                assert!(poll(&mut long).is_none(), "it has not had its turns yet");
                ended = poll(&mut other);
                ended.is_some()
            });
            assert!(came, "{driver}: the other one never came");
            assert_eq!(ended.expect("it came").expect("it succeeds"), (round,));
        }
        let refused = concurrent! { late => 1 }.driver(driver.clone()).run();
        assert_eq!(refused.expect_err("there is no room").kind(), ErrorKind::Overloaded);
        assert_eq!(finish(&mut [long]).remove(0).expect("it goes on").len(), 200, "{driver}");
    }
}

pub(crate) fn a_run_keeps_back_what_finds_no_room(dir: &Path) {
    for driver in DRIVERS {
        let dir = below(dir, &driver);
        let mut held: Vec<_> = (0..3).map(|_| holding(&dir, &driver)).collect();
        for run in &mut held {
            assert!(poll(run).is_none(), "all workers are taken");
        }
        // Its tasks wait for one another: all three workers must come to be its own.
        let asked = Cell::new(0);
        let marks = dir.clone();
        let numbers = (0..3).inspect(|_| asked.set(asked.get() + 1));
        let block = concurrent! {
            for n in numbers => {
                mark(&marks, &format!("{n}"));
                (0..3).all(|other| await_mark(&marks, &format!("{other}")))
            }
        };
        let mut run = [block.driver(driver.clone()).into_future()];
        assert!(poll(&mut run[0]).is_none());
        assert_eq!(asked.get(), 2, "one waits, one is kept back, and the third is not asked for");
        // Another run has one in the queue all the same, so that it is called.
        let mut other = [concurrent! { other => 7 }.driver(driver.clone()).into_future()];
        assert!(poll(&mut other[0]).is_none());
        mark(&dir, "release");
        for ended in finish(&mut held) {
            assert_eq!(ended.expect("it succeeds"), (true,));
        }
        let met = finish(&mut run).remove(0).expect("all succeed");
        assert_eq!(met, [true; 3], "{driver}: what was kept back came too late");
        assert_eq!(finish(&mut other).remove(0).expect("it succeeds"), (7,));
    }
}

pub(crate) fn one_block_says_that_it_does_not_wait(dir: &Path) {
    let driver = Driver::Process;
    let mut holds = holding(dir, &driver);
    assert!(poll(&mut holds).is_none());
    let mut patient = concurrent! { patient => 1 }.into_future();
    assert!(poll(&mut patient).is_none(), "it waits, as is the default");
    let refused = concurrent! { hasty => 2 }.when_full(WhenFull::Fail).run();
    assert_eq!(refused.expect_err("there is no room").kind(), ErrorKind::Overloaded);
    let refused = concurrent! { for n in 0..3 => n }.when_full(WhenFull::Fail).run();
    assert_eq!(refused.expect_err("there is no room").kind(), ErrorKind::Overloaded);
    mark(dir, "release");
    assert_eq!(finish(&mut [holds]).remove(0).expect("it succeeds"), (true,));
    assert_eq!(finish(&mut [patient]).remove(0).expect("it succeeds"), (1,));
    let now = concurrent! { hasty => 2 }.when_full(WhenFull::Fail).run();
    assert_eq!(now.expect("there is room"), (2,));
}

pub(crate) fn blocks_inside_tasks_find_their_way(_dir: &Path) {
    for driver in DRIVERS {
        let name = driver.name().to_owned();
        let sums = concurrent! {
            for ten in 0..4_u32 => {
                let parts = concurrent! { for one in 0..5_u32 => ten * 10 + one };
                parts.driver(name.parse()?).run()?.iter().sum::<u32>()
            }
        };
        let sums = sums.driver(driver.clone()).run().expect("all succeed");
        assert_eq!(sums, [10, 60, 110, 160], "{driver}");
    }
}
