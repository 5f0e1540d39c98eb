//! Blocks that are awaited, on executors of several kinds, and tasks that await.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;
#[cfg(feature = "tokio")]
use std::time::Instant;

use concur::{Driver, ErrorKind, concurrent};

use super::{Marks, await_mark, eventually, has_processes, is_alive, is_concurrent, mark};

/// The smallest executor: one thread, which sleeps between polls.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread::park();
    }
}

fn on_one_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("it can be built")
}

/// A few runs one after another, of every form.
pub(crate) async fn runs(driver: Driver) {
    for round in 0..5_u32 {
        let (a, b) = concurrent! { a => round + 1, b => format!("round {round}") }
            .driver(driver.clone())
            .await
            .expect("both succeed");
        assert_eq!((a, b), (round + 1, format!("round {round}")));
        let numbers = concurrent! { for number in 0..30_u32 => number * round }
            .driver(driver.clone())
            .limit(3)
            .await
            .expect("all succeed");
        assert_eq!(numbers, (0..30).map(|number| number * round).collect::<Vec<u32>>());
    }
    let () = concurrent! {}.driver(driver).await.expect("there is nothing to fail");
}

pub(crate) fn on_any_executor(driver: &Driver) {
    block_on(runs(driver.clone()));
}

pub(crate) fn on_tokio_with_one_thread(driver: &Driver) {
    on_one_thread().block_on(runs(driver.clone()));
}

pub(crate) fn failures_arrive(driver: &Driver) {
    let err =
        block_on(concurrent! { bad => "x".parse::<u8>()? }.driver(driver.clone()).into_future());
    let err = err.expect_err("x is no number");
    assert_eq!((err.kind(), err.task()), (ErrorKind::Failed, Some("bad")));
    let settled = concurrent! { bad => panic!("no"), good => 1 }.driver(driver.clone()).settle();
    let (bad, good): (Result<(), _>, _) = block_on(settled.into_future()).expect("it settles");
    assert_eq!(bad.expect_err("it panics").kind(), ErrorKind::Panicked);
    assert_eq!(good.expect("it is fine"), 1);
}

pub(crate) fn settings_that_are_wrong_arrive(driver: &Driver) {
    let future = concurrent! { one => 1 }.driver(driver.clone()).limit(0).into_future();
    assert_eq!(block_on(future).expect_err("it is refused").kind(), ErrorKind::Config);
}

pub(crate) fn a_dropped_future_cancels(driver: &Driver) {
    if !is_concurrent(driver) {
        return;
    }
    let marks = Marks::new();
    on_one_thread().block_on(async {
        let dir = marks.dir();
        let run = concurrent! {
            first => {
                std::fs::write(dir.join("pid"), std::process::id().to_string())?;
                mark(&dir, "begun");
                await_mark(&dir, "release");
                mark(&dir, "done");
            },
            second => mark(&dir, "second"),
        }
        .driver(driver.clone())
        .limit(1)
        .into_future();
        tokio::select! {
            _ = run => panic!("it ends only when it is released"),
            () = until_mark(&marks, "begun") => {}
        }
    });
    let dir = marks.dir();
    if has_processes(driver) {
        let pid = std::fs::read_to_string(dir.join("pid")).expect("it has begun");
        let pid = pid.parse().expect("a number");
        assert!(eventually(|| !is_alive(pid)), "the task goes on without its future");
        assert!(!marks.has("done"));
    }
    assert!(!marks.has("second"), "a task began after its future was gone");
    mark(&dir, "release");
    let after = concurrent! { for number in 0..20_u32 => number }.driver(driver.clone()).run();
    assert_eq!(after.expect("the workers are fit for use").len(), 20);
}

/// Waits as other async code does.
async fn until_mark(marks: &Marks, name: &str) {
    while !marks.has(name) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

pub(crate) fn a_future_that_was_never_polled_runs_nothing(driver: &Driver) {
    let marks = Marks::new();
    let dir = marks.dir();
    drop(concurrent! { never => mark(&dir, "never") }.driver(driver.clone()).into_future());
    let (after,) = concurrent! { after => 1 }.driver(driver.clone()).run().expect("it is fine");
    assert!(after == 1 && !marks.has("never"));
}

pub(crate) fn other_futures_go_on(driver: &Driver) {
    if !is_concurrent(driver) {
        return;
    }
    let marks = Marks::new();
    let dir = marks.dir();
    // The task ends only if the other future runs while the block is awaited, on the same thread.
    let in_time = on_one_thread().block_on(async {
        let other = async {
            until_mark(&marks, "begun").await;
            mark(&marks.dir(), "release");
        };
        let run = concurrent! {
            waits => { mark(&dir, "begun"); await_mark(&dir, "release") },
        }
        .driver(driver.clone());
        let (run, ()) = tokio::join!(run.into_future(), other);
        run.expect("it succeeds").0
    });
    assert!(in_time, "the block held up its executor");
}

pub(crate) fn begun_on_one_executor_and_ended_on_another(driver: &Driver) {
    let marks = Marks::new();
    let (dir, concurrent) = (marks.dir(), is_concurrent(driver));
    let mut run = concurrent! {
        waits => !concurrent || await_mark(&dir, "release"),
        other => 2,
    }
    .driver(driver.clone())
    .into_future();
    let polled = Pin::new(&mut run).poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(polled.is_pending(), concurrent);
    if let Poll::Ready(result) = polled {
        assert_eq!(result.expect("both succeed"), (true, 2));
        return;
    }
    mark(&marks.dir(), "release");
    let result = thread::scope(|scope| scope.spawn(|| block_on(run)).join());
    assert_eq!(result.expect("it ends well").expect("both succeed"), (true, 2));
}

#[cfg(feature = "tokio")]
pub(crate) fn async_tasks_await(driver: &Driver) {
    async fn later(number: u32) -> u32 {
        tokio::time::sleep(Duration::from_millis(3)).await;
        tokio::task::yield_now().await;
        number
    }
    let text = String::from("borrowed");
    let (one, length, plain) = concurrent! {
        one => later(1).await + 1,
        length => {
            let text = &text;
            tokio::time::sleep(Duration::from_millis(1)).await;
            text.len()
        },
        plain => 3,
    }
    .driver(driver.clone())
    .run()
    .expect("all succeed");
    assert_eq!((one, length, plain), (2, 8, 3));
    let numbers = concurrent! { for number in 0..20_u32 => later(number).await }
        .driver(driver.clone())
        .run()
        .expect("all succeed");
    assert_eq!(numbers, (0..20).collect::<Vec<u32>>());
}

#[cfg(feature = "tokio")]
pub(crate) fn async_tasks_fail_and_panic(driver: &Driver) {
    async fn fails() -> Result<u8, std::num::ParseIntError> {
        tokio::task::yield_now().await;
        "x".parse()
    }
    async fn panics() -> u8 {
        tokio::task::yield_now().await;
        panic!("after a while")
    }
    for _round in 0..3 {
        let (failed, panicked, fine) = concurrent! {
            failed => fails().await?,
            panicked => panics().await,
            fine => { tokio::task::yield_now().await; 3 },
        }
        .driver(driver.clone())
        .settle()
        .run()
        .expect("a settled run does not fail");
        assert_eq!(failed.expect_err("x is no number").kind(), ErrorKind::Failed);
        let panicked = panicked.expect_err("it panics");
        assert_eq!((panicked.kind(), panicked.message()), (ErrorKind::Panicked, "after a while"));
        assert_eq!(fine.expect("it is fine"), 3);
    }
}

#[cfg(feature = "tokio")]
pub(crate) fn blocking_work_holds_back_no_panic(driver: &Driver) {
    let marks = Marks::new();
    let (dir, begin) = (marks.dir(), Instant::now());
    let err = concurrent! {
        panics => {
            let theirs = dir.clone();
            tokio::task::spawn_blocking(move || {
                mark(&theirs, "begun");
                thread::sleep(Duration::from_secs(20));
                // The directory may be gone by now.
                let _ = std::fs::write(theirs.join("done"), "");
            });
            tokio::task::yield_now().await;
            assert!(!await_mark(&dir, "begun"), "it has begun");
        },
    }
    .driver(driver.clone())
    .run()
    .expect_err("it panics");
    assert_eq!((err.kind(), err.failures()[0].message()), (ErrorKind::Panicked, "it has begun"));
    assert!(!marks.has("done") && begin.elapsed() < Duration::from_secs(10), "it was waited for");
}

#[cfg(feature = "tokio")]
pub(crate) fn async_tasks_inside_a_runtime(driver: &Driver) {
    on_one_thread().block_on(async {
        let (one,) = concurrent! { one => { tokio::task::yield_now().await; 1 } }
            .driver(driver.clone())
            .await
            .expect("it succeeds");
        assert_eq!(one, 1);
        let (two,) = concurrent! { two => { tokio::task::yield_now().await; 2 } }
            .driver(driver.clone())
            .run()
            .expect("it succeeds");
        assert_eq!(two, 2);
    });
}
