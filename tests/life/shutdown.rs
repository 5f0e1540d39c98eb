//! The orderly end of a program's runs.

use std::path::Path;
use std::thread;
use std::time::Duration;

use concur::{Driver, Error, ErrorKind, concurrent};

use crate::contract::{await_mark, eventually, mark};
use crate::processes::children;

const LONG: Duration = Duration::from_secs(60);

pub(crate) fn shutdown_lets_runs_end(dir: &Path) {
    let there = dir.to_owned();
    let run = thread::spawn(move || {
        let place = there.clone();
        concurrent! {
            slow => {
                mark(&place, "begun");
                await_mark(&place, "closed")
            },
        }
        .run()
    });
    assert!(await_mark(dir, "begun"));
    let there = dir.to_owned();
    let prober = thread::spawn(move || {
        // A run that begins now is refused; that is how it is seen that the end has begun.
        assert!(eventually(|| concurrent! { late => () }.run().is_err()));
        mark(&there, "closed");
    });
    concur::shutdown(LONG).expect("the run ends in time");
    prober.join().expect("it saw the end begin");
    assert_eq!(run.join().expect("it does not panic").expect("it was let end"), (true,));
    assert!(children(std::process::id()).is_empty(), "the fork server is gone");
}

pub(crate) fn shutdown_cancels_what_does_not_end(dir: &Path) {
    let runs: Vec<thread::JoinHandle<Result<(), Error>>> = [Driver::Process, Driver::Thread]
        .into_iter()
        .flat_map(|driver| [(driver.clone(), false), (driver, true)])
        .map(|(driver, awaited)| {
            let there = dir.to_owned();
            thread::spawn(move || {
                let name = format!("{driver}-{awaited}");
                let tasks = concurrent! {
                    endless => {
                        mark(&there, &name);
                        thread::sleep(Duration::from_secs(600));
                    },
                };
                let tasks = tasks.driver(driver);
                let ended = if awaited { smol::block_on(tasks.into_future()) } else { tasks.run() };
                ended.map(|_| ())
            })
        })
        .collect();
    for name in ["process-false", "process-true", "thread-false", "thread-true"] {
        assert!(await_mark(dir, name), "{name}");
    }
    let err = concur::shutdown(Duration::from_millis(20)).expect_err("they do not end");
    assert_eq!(err.kind(), ErrorKind::TimedOut, "{err}");
    assert!(err.to_string().contains("4 runs"), "{err}");
    for run in runs {
        let err = run.join().expect("it does not panic").expect_err("it was cancelled");
        assert_eq!(err.kind(), ErrorKind::Cancelled, "{err}");
    }
    assert!(children(std::process::id()).is_empty(), "nothing is left");
}

pub(crate) fn after_shutdown_no_run_begins(_dir: &Path) {
    concurrent! { early => () }.run().expect("it is early enough");
    concur::shutdown(LONG).expect("nothing goes on");
    assert!(children(std::process::id()).is_empty());
    for driver in [Driver::Process, Driver::Fork, Driver::Thread, Driver::Sync] {
        let err = concurrent! { late => () }.driver(driver.clone()).run().expect_err("it is late");
        assert_eq!(err.kind(), ErrorKind::Cancelled, "{driver}");
        assert!(err.to_string().contains("shutting down"), "{err}");
    }
    let mut iter = concurrent! { for number in 0..3_u8 => number }.iter();
    let (_, first) = iter.next().expect("the refusal is told");
    let refusal = first.expect_err("it is late");
    assert_eq!(refusal.kind(), ErrorKind::Cancelled);
    let words = "task `number` was cancelled: the program is shutting down (`concur::shutdown`)";
    assert_eq!(refusal.to_string(), words);
    concur::shutdown(Duration::ZERO).expect("it has happened already");
}

pub(crate) fn shutdown_leaves_deferred_work_alone(dir: &Path) {
    let there = dir.to_owned();
    let deferred = concurrent! {
        later => {
            assert!(await_mark(&there, "shut down"));
            mark(&there, "done");
        },
    };
    let deferred = deferred.defer().expect("it can be deferred");
    concur::shutdown(LONG).expect("nothing runs here");
    mark(dir, "shut down");
    deferred.wait_for(LONG).expect("it went on");
    assert!(dir.join("done").exists());
}
