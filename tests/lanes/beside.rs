//! Tasks that run at once in one worker.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::path::Path;
use std::process::id;

use concur::{ErrorKind, concurrent, task};

use crate::contract::{await_mark, mark};
use crate::tasks::{own_id, until, until_mark};

/// Marks that it is there and waits for all others.
async fn meet(dir: &Path, own: usize, all: usize) -> u32 {
    mark(dir, &format!("there-{own}"));
    for other in 0..all {
        assert!(until_mark(dir, &format!("there-{other}")).await, "{other} never came");
    }
    id()
}

pub(crate) fn tasks_wait_for_each_other_in_one_worker(dir: &Path) {
    let met = concurrent! { for own in 0..4_usize => meet(dir, own, 4).await }.run();
    let workers: BTreeSet<u32> = met.expect("they met").into_iter().collect();
    assert_eq!(workers.len(), 1, "{workers:?}");
    // And so it is when they are awaited, and of different kinds.
    let executor = tokio::runtime::Builder::new_current_thread().build().expect("it can be built");
    let again = dir.join("again");
    std::fs::create_dir(&again).expect("there is room");
    let (first, second) = executor
        .block_on(async {
            concurrent! { first => meet(&again, 0, 2).await, second => meet(&again, 1, 2).await }
                .await
        })
        .expect("they met");
    assert_eq!(BTreeSet::from([first, second]), workers);
}

/// Fails if another one is at the same place at the same time.
async fn alone(dir: &Path) {
    let place = dir.join("alone");
    let here = OpenOptions::new().write(true).create_new(true).open(&place);
    here.expect("nobody else is here");
    for _ in 0..5 {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    std::fs::remove_file(&place).expect("it was made");
}

pub(crate) fn one_at_a_time_is_the_default(dir: &Path) {
    concurrent! { for _ in 0..10 => alone(dir).await }.run().expect("each was alone");
}

pub(crate) fn a_method_says_how_many(dir: &Path) {
    let met = concurrent! { for own in 0..3_usize => meet(dir, own, 3).await };
    let met = met.async_tasks_per_worker(3).run().expect("they met");
    assert!(met.iter().all(|pid| *pid == met[0]), "{met:?}");
}

pub(crate) fn a_number_that_is_not_allowed_is_an_error(_dir: &Path) {
    for count in [0, 129] {
        let run = concurrent! { task => own_id().await }.async_tasks_per_worker(count).run();
        let err = run.expect_err("it is not allowed");
        assert_eq!(err.kind(), ErrorKind::Config);
        assert!(err.to_string().contains("`async_tasks_per_worker`"), "{err}");
        let err = concur::Config::new().async_tasks_per_worker(count).install();
        assert!(err.expect_err("it is not allowed").to_string().contains("from 1 to 128"));
    }
}

pub(crate) fn each_task_knows_itself(dir: &Path) {
    async fn known(dir: &Path, own: usize) -> (usize, String, Option<u32>) {
        meet(dir, own, 3).await;
        assert!(!task::cancelled());
        let task = task::current().expect("this is a task");
        assert_eq!(std::thread::current().name(), None, "no task runs on the first thread");
        (task.index(), task.name().to_owned(), task.worker())
    }
    let known = concurrent! { for own in 0..3_usize => known(dir, own).await };
    let known = known.run().expect("all are fine");
    let mut numbers = BTreeSet::new();
    for (index, (told, name, number)) in known.into_iter().enumerate() {
        assert_eq!((told, name.starts_with("known")), (index, name.starts_with("known")));
        numbers.insert(number.expect("it has a number"));
    }
    assert_eq!(numbers.len(), 3, "those that run at once have numbers of their own");
}

pub(crate) fn large_values_travel(_dir: &Path) {
    let shared = vec![7_u8; 300_000];
    for _round in 0..3 {
        let inputs = (0..8_u8).map(|number| vec![number; 1 << 20]);
        let outputs = concurrent! {
            for bytes in inputs => {
                let mut bytes = bytes;
                tokio::task::yield_now().await;
                bytes.extend(&shared);
                bytes
            }
        };
        for (number, bytes) in outputs.run().expect("all travel").into_iter().enumerate() {
            assert_eq!(bytes.len(), (1 << 20) + shared.len());
            assert!(bytes[..1 << 20].iter().all(|byte| usize::from(*byte) == number));
            assert!(bytes[1 << 20..].iter().all(|byte| *byte == 7));
        }
    }
}

pub(crate) fn blocks_inside_tasks_work(_dir: &Path) {
    let (mut awaited, mut run, mut plain) = (0, 0, 0);
    for round in 0..15_u32 {
        let (first, second, third) = concurrent! {
            first => concurrent! { inner => own_id().await, other => round }.await?,
            second => {
                tokio::task::yield_now().await;
                concurrent! { inner => round + 1 }.run()?
            },
            third => concurrent! { for n in 0..3 => n + round }.await?,
        }
        .run()
        .expect("no deadlock");
        assert_eq!(
            (first.1, second.0, third),
            (round, round + 1, vec![round, round + 1, round + 2])
        );
        awaited += 1;
        run += 1;
        plain += 1;
    }
    assert_eq!((awaited, run, plain), (15, 15, 15));
}

pub(crate) fn a_task_that_blocks_holds_up_no_other(dir: &Path) {
    let (blocks, also, ticks) = concurrent! {
        blocks => {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            await_mark(dir, "ticked")
        },
        also => {
            tokio::task::yield_now().await;
            await_mark(dir, "ticked")
        },
        ticks => {
            for _ in 0..20 {
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            }
            tokio::spawn(async { tokio::task::yield_now().await }).await?;
            mark(dir, "ticked");
        },
    }
    .run()
    .expect("all are fine");
    assert_eq!((blocks, also, ticks), (true, true, ()));
}

pub(crate) fn runs_on_many_threads_get_their_own_results(_dir: &Path) {
    std::thread::scope(|scope| {
        for thread in 0..8_u32 {
            scope.spawn(move || {
                for round in 0..20 {
                    let result = concurrent! {
                        for n in 0..6_u32 => {
                            tokio::task::yield_now().await;
                            (thread, round, n)
                        }
                    };
                    let expected: Vec<_> = (0..6).map(|n| (thread, round, n)).collect();
                    assert_eq!(result.run().expect("all are fine"), expected);
                }
            });
        }
    });
}

pub(crate) fn what_a_task_spawned_is_part_of_none(dir: &Path) {
    let (asked, _other) = concurrent! {
        asked => {
            let spawned = tokio::spawn(async { task::current().is_none() });
            let is_outside = spawned.await?;
            mark(dir, "asked");
            (is_outside, task::current().is_some())
        },
        other => until(|| dir.join("asked").exists()).await,
    }
    .run()
    .expect("both are fine");
    assert_eq!(asked, (true, true));
}
