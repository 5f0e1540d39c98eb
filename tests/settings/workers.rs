//! `workers`, over all runs of a process and at every depth.

use std::future::IntoFuture;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;

use concur::{Driver, Error, concurrent};

use crate::contract::{await_mark, eventually, mark};
use crate::processes::children;

/// The drivers that have workers.
pub(crate) const DRIVERS: [Driver; 3] = [Driver::Process, Driver::Fork, Driver::Thread];

/// Begins a run, or goes on with it, without waiting.
pub(crate) fn poll<F: Future + Unpin>(run: &mut F) -> Option<F::Output> {
    match Pin::new(run).poll(&mut Context::from_waker(Waker::noop())) {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => None,
    }
}

/// Polls runs until all have ended.
pub(crate) fn finish<F: Future + Unpin>(runs: &mut [F]) -> Vec<F::Output> {
    let mut outputs: Vec<Option<F::Output>> = runs.iter().map(|_| None).collect();
    let all_ended = eventually(|| {
        for (run, output) in runs.iter_mut().zip(&mut outputs) {
            if output.is_none() {
                *output = poll(run);
            }
        }
        outputs.iter().all(Option::is_some)
    });
    assert!(all_ended, "not all have ended");
    outputs.into_iter().flatten().collect()
}

/// Runs so many tasks that none ends before all have begun.
pub(crate) fn together(driver: &Driver, count: usize, dir: &Path) {
    let dir = dir.join(format!("together-{driver}"));
    std::fs::create_dir(&dir).expect("there is room");
    let met = concurrent! {
        for number in 0..count => {
            mark(&dir, &format!("{number}"));
            (0..count).all(|other| await_mark(&dir, &format!("{other}")))
        }
    };
    let met = met.driver(driver.clone()).run().expect("all succeed");
    assert_eq!(met, vec![true; count], "not all were under way at once");
}

pub(crate) fn workers_are_those_of_all_runs(dir: &Path) {
    for driver in DRIVERS {
        let dir = dir.join(driver.name());
        std::fs::create_dir(&dir).expect("there is room");
        let run = |name: &'static str| {
            let dir = dir.clone();
            let block = concurrent! {
                holds => { mark(&dir, name); await_mark(&dir, &format!("release-{name}")) },
            };
            block.driver(driver.clone()).into_future()
        };
        let mut runs = [run("a"), run("b"), run("c")];
        for run in &mut runs {
            assert!(poll(run).is_none());
        }
        assert!(await_mark(&dir, "a") && await_mark(&dir, "b"));
        // Nobody polls the third one meanwhile, however long that takes.
        std::thread::sleep(Duration::from_millis(100));
        assert!(!dir.join("c").exists(), "{driver}: three at once on two workers");
        for name in ["a", "b", "c"] {
            mark(&dir, &format!("release-{name}"));
        }
        for ended in finish(&mut runs) {
            assert_eq!(ended.expect("it succeeds"), (true,), "{driver}");
        }
    }
}

/// A block in a task, so deep, on one driver.
fn descend(driver: &str, depth: u32) -> Result<u32, Error> {
    if depth == 0 {
        return Ok(1);
    }
    let driver = driver.to_owned();
    let named: Driver = driver.parse()?;
    let (left, right) = concurrent! {
        left => descend(&driver, depth - 1)?,
        right => descend(&driver, depth - 1)?,
    }
    .driver(named)
    .run()?;
    Ok(left + right)
}

pub(crate) fn one_worker_is_enough_for_blocks_inside_tasks(_dir: &Path) {
    for driver in DRIVERS {
        assert_eq!(descend(driver.name(), 3).expect("it succeeds"), 8, "{driver}");
    }
    // Several at once, which share the one worker.
    let threads: Vec<_> =
        (0..4).map(|_| std::thread::spawn(|| descend("thread", 3).expect("it succeeds"))).collect();
    for thread in threads {
        assert_eq!(thread.join().expect("it ends well"), 8);
    }
}

pub(crate) fn threads_that_tasks_start_may_run_blocks(_dir: &Path) {
    // The block in the thread knows nothing of the task that waits for it and has the one worker.
    let (sum,) = concurrent! {
        outer => {
            let thread = std::thread::spawn(|| concurrent! { inner => 40 + 2 }
                .driver(Driver::Thread)
                .run());
            thread.join().map_err(|_| "it panicked")??.0
        },
    }
    .driver(Driver::Thread)
    .run()
    .expect("it does not wait for ever");
    assert_eq!(sum, 42);
}

pub(crate) fn processes_stay_within_workers_times_depth(_dir: &Path) {
    // Tasks at every depth count the workers of their fork server.
    fn widest(depth: u32) -> Result<usize, Error> {
        let seen = concurrent! {
            for _ in 0..4 => {
                let below = if depth > 1 { widest(depth - 1)? } else { 0 };
                below.max(children(std::os::unix::process::parent_id()).len())
            }
        };
        Ok(seen.run()?.into_iter().max().unwrap_or_default())
    }
    let most = widest(3).expect("all succeed");
    assert!(most <= 2 * 3, "{most} workers");
    assert!(most >= 3, "{most} workers: nothing was nested");
}

pub(crate) fn a_dropped_run_leaves_the_queue(dir: &Path) {
    for driver in DRIVERS {
        let dir = dir.join(driver.name());
        std::fs::create_dir(&dir).expect("there is room");
        let holder = dir.clone();
        let holds =
            concurrent! { holds => { mark(&holder, "held"); await_mark(&holder, "release") } };
        let mut holds = holds.driver(driver.clone()).into_future();
        assert!(poll(&mut holds).is_none());
        let mut waiting: Vec<_> = (0..3)
            .map(|number| concurrent! { waits => number }.driver(driver.clone()).into_future())
            .collect();
        for run in &mut waiting {
            assert!(poll(run).is_none());
        }
        // The first in the queue goes away; those behind it must still be called.
        drop(waiting.remove(0));
        mark(&dir, "release");
        assert_eq!(finish(&mut [holds]).remove(0).expect("it succeeds"), (true,));
        let ended: Vec<_> = finish(&mut waiting).into_iter().map(Result::unwrap).collect();
        assert_eq!(ended, [(1,), (2,)], "{driver}");
    }
}
