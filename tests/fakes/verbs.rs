//! Every way to run tasks asks their fake.

use std::future::IntoFuture as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use concur::testing::{Answer, fake};
use concur::{Config, Driver, Error, ErrorKind, concurrent};
use futures_lite::StreamExt;
use futures_lite::future::{block_on, poll_once};

use super::{DRIVERS, never};

#[test]
fn awaited() -> Result<(), Error> {
    for driver in DRIVERS {
        let fake = fake();
        fake.returns("users", 10_u64);
        let run = async { concurrent! { users => never::<u64>() }.driver(driver).await };
        assert_eq!(smol::block_on(run)?, (10,));
        fake.assert_ran("users");
    }
    Ok(())
}

#[cfg(feature = "tokio")]
#[test]
fn tasks_that_await() -> Result<(), Error> {
    let fake = fake();
    fake.returns("users", 10_u64);
    let (users,) = concurrent! { users => std::future::pending::<u64>().await }.run()?;
    assert_eq!(users, 10);
    Ok(())
}

#[test]
fn settled() -> Result<(), Error> {
    let fake = fake();
    fake.returns("a", 1_u8).fails("b", "no").returns("c", 3_u8);
    let block = concurrent! { a => never::<u8>(), b => never::<u8>(), c => never::<u8>() };
    let (a, b, c) = block.settle().run()?;
    assert_eq!((a.ok(), c.ok()), (Some(1), Some(3)));
    assert_eq!(b.expect_err("it fails").message(), "no");
    Ok(())
}

#[test]
fn many_of_a_kind() -> Result<(), Error> {
    for driver in DRIVERS {
        let fake = fake();
        fake.runs_with("n", |(n,): (u64,)| n * 3);
        let all =
            concurrent! { for n in 0..1000_u64 => { let _ = n; never::<u64>() } }.driver(driver);
        assert_eq!(all.run()?, (0..1000).map(|n| n * 3).collect::<Vec<u64>>());
        assert_eq!(fake.ran("n"), 1000);
    }
    Ok(())
}

#[test]
fn the_first_success() -> Result<(), Error> {
    let fake = fake();
    fake.answers("mirror", [Answer::fails("down"), Answer::returns("page".to_owned())]);
    let mirrors = ["a", "b", "c"].map(String::from);
    let page = concurrent! { for mirror in mirrors => mirror }.any().run()?;
    assert_eq!((page.as_str(), fake.ran("mirror")), ("page", 2));
    Ok(())
}

#[test]
fn no_success() {
    let fake = fake();
    fake.is_killed("mirror");
    let err = concurrent! { for mirror in 0..3_u8 => mirror }.any().run().expect_err("none works");
    assert_eq!((err.kind(), err.failures().len()), (ErrorKind::Killed, 3));
}

#[test]
fn one_at_a_time_from_an_endless_input() {
    let fake = fake();
    fake.runs_with("n", |(n,): (u64,)| n + 1);
    let numbers = concurrent! { for n in 0_u64.. => { let _ = n; never::<u64>() } }.limit(4).iter();
    let taken: Vec<(usize, u64)> =
        numbers.take(100).map(|(index, n)| (index, n.expect("it succeeds"))).collect();
    assert_eq!(taken, (0..100).map(|n| (n, n as u64 + 1)).collect::<Vec<_>>());
    assert!(fake.ran("n") < 120, "{}", fake.ran("n"));
}

#[test]
fn a_stream() {
    let fake = fake();
    fake.runs_with("n", |(n,): (u64,)| n + 1);
    let stream = concurrent! { for n in 0..10_u64 => { let _ = n; never::<u64>() } }.stream();
    let sum = stream.fold(0, |sum, (_, n)| sum + n.expect("it succeeds"));
    assert_eq!(smol::block_on(sum), 55);
}

#[test]
fn a_task_that_a_full_queue_gives_back_is_asked_about_once() -> Result<(), Error> {
    static RELEASED: AtomicBool = AtomicBool::new(false);
    Config::new()
        .for_driver(&Driver::Thread, |thread| thread.workers(2).queue_limit(0))
        .install()?;
    // On all the threads there are, until the queue has given a task of the others back.
    let holds = concurrent! {
        for _ in 0..2 => {
            let began = Instant::now();
            while !RELEASED.load(Ordering::SeqCst) && began.elapsed() < Duration::from_secs(60) {
                std::thread::yield_now();
            }
        }
    };
    let mut holds = holds.driver(Driver::Thread).into_future();
    assert!(block_on(poll_once(&mut holds)).is_none());
    let fake = fake();
    fake.answers("n", [Answer::passes_through(), Answer::passes_through(), Answer::returns(7_u8)]);
    let numbers = concurrent! { for n in 0..3_u8 => n }.driver(Driver::Thread);
    let mut numbers = numbers.into_future();
    assert!(block_on(poll_once(&mut numbers)).is_none());
    assert!(block_on(poll_once(&mut numbers)).is_none());
    RELEASED.store(true, Ordering::SeqCst);
    assert_eq!(block_on(holds)?, [(), ()]);
    assert_eq!(block_on(numbers)?, [0, 1, 7]);
    assert_eq!((fake.ran("n"), fake.attempts("n")), (3, 3));
    Ok(())
}
