//! Memory limits: for drivers that give a task a process of its own.

use std::hint::black_box;

use concur::{Driver, ErrorKind, concurrent};

use crate::deaths::goes_on;

const MIB: u64 = 1 << 20;

/// The ways to ask for more than there is.
const GREEDY: [&str; 4] = ["one large", "many middling", "many small", "zeroed"];

/// Asks for memory until there is no more, or far too much was given.
#[inline(never)]
fn devour(way: &str) -> usize {
    match way {
        "one large" => black_box(vec![1_u8; 512 << 20]).len(),
        "zeroed" => black_box(vec![0_u8; 512 << 20]).len(),
        "many middling" => {
            let all: Vec<Vec<u8>> = (0..512).map(|_| black_box(vec![1_u8; 1 << 20])).collect();
            all.len()
        }
        _ => {
            let all: Vec<Box<[u64; 64]>> =
                (0..1_000_000).map(|number| black_box(Box::new([number; 64]))).collect();
            all.len()
        }
    }
}

pub(crate) fn out_of_memory_names_the_limit(driver: &Driver) {
    for way in GREEDY {
        let err = concurrent! { greedy => devour(way) }
            .driver(driver.clone())
            .memory_limit(64 * MIB)
            .run()
            .expect_err(way);
        assert_eq!((err.kind(), err.task()), (ErrorKind::OutOfMemory, Some("greedy")), "{err}");
        let text = err.to_string();
        assert!(
            text.starts_with("task `greedy` ran out of memory: its limit is 64 MiB (worker "),
            "{way}: {text}"
        );
        let failure = &err.failures()[0];
        assert!(failure.may_have_run() && failure.signal() == Some(libc::SIGABRT), "{err}");
        goes_on(driver);
    }
}

pub(crate) fn a_task_within_its_limit_is_left_alone(driver: &Driver) {
    let bytes = vec![7_u8; 8 << 20];
    let (sum, large, churn) = concurrent! {
        sum => bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>(),
        large => vec![9_u8; 8 << 20],
        // What is given back does not count.
        churn => (0..100).map(|_| black_box(vec![1_u8; 16 << 20]).len()).max(),
    }
    .driver(driver.clone())
    .memory_limit(64 * MIB)
    .run()
    .expect("all stay within it");
    assert_eq!((sum, large.len(), churn), (7 * 8 * MIB, 8 << 20, Some(16 << 20)));
}

pub(crate) fn the_least_limit_leaves_room_for_words(driver: &Driver) {
    let (fine, fails, panics, dies, exits) = concurrent! {
        fine => 6 * 7,
        fails => "x".repeat(1000).parse::<u8>()?,
        panics => panic!("{}", "no ".repeat(3000)),
        dies => { devour("many small"); },
        exits => std::process::exit(3),
    }
    .driver(driver.clone())
    .memory_limit(MIB)
    .settle()
    .run()
    .expect("a settled run does not fail");
    assert_eq!(fine.expect("it needs little"), 42);
    assert_eq!(fails.expect_err("it fails").message(), "invalid digit found in string");
    let panics: concur::TaskError = panics.map(|(): ()| ()).expect_err("it panics");
    assert_eq!(panics.kind(), ErrorKind::Panicked, "{panics}");
    let panic = panics.panic().expect("it was recorded");
    assert!(panic.message().starts_with("no no ") && panic.line().is_some(), "{panics}");
    let dies = dies.expect_err("it asks for more");
    assert_eq!(dies.kind(), ErrorKind::OutOfMemory, "{dies}");
    assert!(dies.message().ends_with("its limit is 1 MiB"), "{dies}");
    let exits: concur::TaskError = exits.map(|(): ()| ()).expect_err("it exits");
    assert_eq!((exits.kind(), exits.exit_code()), (ErrorKind::Exited, Some(3)), "{exits}");
}

pub(crate) fn an_allocation_that_may_fail_fails_alone(driver: &Driver) {
    let (refused, result) = concurrent! {
        refused => Vec::<u8>::new().try_reserve_exact(512 << 20).is_err(),
        result => {
            let mut all: Vec<Vec<u8>> = Vec::new();
            loop {
                let mut next = Vec::new();
                if let Err(err) = next.try_reserve_exact(1 << 20) {
                    // Told while there is next to nothing left.
                    Err(err)?;
                }
                all.push(next);
            }
        },
    }
    .driver(driver.clone())
    .memory_limit(64 * MIB)
    .settle()
    .run()
    .expect("a settled run does not fail");
    assert!(refused.expect("it goes on"));
    let err: concur::TaskError = result.map(|(): ()| ()).expect_err("it fails by itself");
    assert_eq!(err.kind(), ErrorKind::Failed, "{err}");
    assert!(err.message().contains("memory allocation failed"), "{err}");
}

pub(crate) fn a_limit_is_its_task_s_alone(driver: &Driver) {
    let much = 256 << 20;
    let block = || {
        concurrent! { reserve => Vec::<u8>::new().try_reserve_exact(much).is_ok() }
            .driver(driver.clone())
    };
    for _round in 0..3 {
        let limited = block().memory_limit(64 * MIB).run();
        assert_eq!(limited.expect("it goes on"), (false,));
        assert_eq!(block().run().expect("it has no limit"), (true,));
        let wider = block().memory_limit(512 * MIB).run();
        assert_eq!(wider.expect("it stays within it"), (true,));
    }
    let limited = concurrent! {
        #[task(memory_limit = "64MiB")]
        limited => Vec::<u8>::new().try_reserve_exact(much).is_ok(),
        free => Vec::<u8>::new().try_reserve_exact(much).is_ok(),
    };
    let found = limited.driver(driver.clone()).run();
    assert_eq!(found.expect("both go on"), (false, true));
    let mut workers = concurrent! { for _ in 0..8 => std::process::id() }
        .driver(driver.clone())
        .memory_limit(64 * MIB)
        .run()
        .expect("all are fine");
    workers.sort_unstable();
    workers.dedup();
    assert_eq!(workers.len(), 8, "each has a worker of its own");
}

pub(crate) fn a_thread_of_a_task_counts(driver: &Driver) {
    let err = concurrent! {
        threads => {
            let thread = std::thread::spawn(|| devour("many middling"));
            thread.join().map_err(|_| "the thread panicked")?
        },
    }
    .driver(driver.clone())
    .memory_limit(64 * MIB)
    .run()
    .expect_err("its thread asks for more");
    assert_eq!(err.kind(), ErrorKind::OutOfMemory, "{err}");
}

#[cfg(feature = "tokio")]
pub(crate) fn async_tasks_have_limits(driver: &Driver) {
    let (fine, greedy) = concurrent! {
        fine => { tokio::task::yield_now().await; vec![1_u8; 1000].len() },
        greedy => {
            tokio::task::yield_now().await;
            let other = tokio::task::spawn_blocking(|| devour("many middling"));
            other.await?
        },
    }
    .driver(driver.clone())
    .memory_limit(16 * MIB)
    .settle()
    .run()
    .expect("a settled run does not fail");
    assert_eq!(fine.expect("it needs little"), 1000);
    let err = greedy.expect_err("it asks for more");
    assert_eq!(err.kind(), ErrorKind::OutOfMemory, "{err}");
}

pub(crate) fn a_limit_that_leaves_nothing_is_refused(driver: &Driver) {
    for bytes in [0, 4096, MIB - 1] {
        let run = concurrent! { one => 1 }.driver(driver.clone()).memory_limit(bytes).run();
        let err = run.expect_err("it is refused");
        assert_eq!((err.kind(), err.task()), (ErrorKind::Config, None), "{err}");
        let text = err.to_string();
        assert!(text.contains("`memory_limit`") && text.contains("1 MiB or more"), "{text}");
    }
}
