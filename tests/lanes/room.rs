//! How many tasks and workers there are, who gets the next lane, and what is left behind.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::parent_id;
use std::path::Path;
use std::process::id;
use std::thread;
use std::time::{Duration, Instant};

use concur::{ErrorKind, concurrent};

use crate::contract::{await_mark, eventually, is_alive, mark};
use crate::processes::{children, descriptors, mappings, zombies};
use crate::tasks::{begin, own_id, pend, until_mark, worker};

pub(crate) fn a_thousand_tasks_go_through_two_workers(_dir: &Path) {
    let results = concurrent! {
        for n in 0..1000_u32 => {
            tokio::task::yield_now().await;
            (n, id())
        }
    };
    let results = results.run().expect("all are fine");
    assert!(results.iter().map(|(n, _)| *n).eq(0..1000));
    let workers: BTreeSet<u32> = results.into_iter().map(|(_, worker)| worker).collect();
    assert!((1..=2).contains(&workers.len()), "{workers:?}");
}

/// Says that it is at work, gives those that are, and waits a little.
async fn at_work(dir: &Path, n: u32) -> Vec<u32> {
    let own = dir.join(format!("{}-{n}", id()));
    std::fs::write(&own, "").expect("there is room");
    let seen = workers_in(dir);
    tokio::time::sleep(Duration::from_millis(2)).await;
    std::fs::remove_file(own).expect("it was made");
    seen
}

fn workers_in(dir: &Path) -> Vec<u32> {
    let entries = std::fs::read_dir(dir).expect("it is there").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter_map(|name| name.split_once('-')?.0.parse().ok()).collect()
}

pub(crate) fn a_limit_is_kept(dir: &Path) {
    let seen = concurrent! { for n in 0..60_u32 => at_work(dir, n).await }.limit(3).run();
    for seen in seen.expect("all are fine") {
        assert!((1..=3).contains(&seen.len()), "{seen:?}");
    }
}

pub(crate) fn never_more_workers_than_there_may_be(dir: &Path) {
    fn plain(dir: &Path, n: u32) -> Vec<u32> {
        let own = dir.join(format!("{}-{n}", id()));
        std::fs::write(&own, "").expect("there is room");
        let seen = workers_in(dir);
        thread::sleep(Duration::from_millis(1));
        std::fs::remove_file(own).expect("it was made");
        seen
    }
    thread::scope(|scope| {
        for thread in 0..3_u32 {
            scope.spawn(move || {
                let numbers = || thread * 1000..thread * 1000 + 40;
                let shared = concurrent! { for n in numbers() => at_work(dir, n).await }.run();
                let whole = concurrent! { for n in numbers() => plain(dir, n) }.run();
                let (shared, whole) = (shared.expect("all end"), whole.expect("all end"));
                for seen in shared.into_iter().chain(whole) {
                    let workers: BTreeSet<u32> = seen.into_iter().collect();
                    assert!(workers.len() <= 2, "{workers:?}");
                }
            });
        }
    });
    // Both kinds in one run.
    let (first, second, third) = concurrent! {
        first => at_work(dir, 1).await,
        second => plain(dir, 2),
        third => at_work(dir, 3).await,
    }
    .run()
    .expect("all end");
    for seen in [first, second, third] {
        assert!(seen.into_iter().collect::<BTreeSet<_>>().len() <= 2);
    }
}

pub(crate) fn recycling_loses_nothing(_dir: &Path) {
    let results = concurrent! { for n in 0..60_u32 => (n, own_id().await) };
    let results = results.run().expect("all are fine");
    assert!(results.iter().map(|(n, _)| *n).eq(0..60));
    let mut tasks = BTreeMap::new();
    for (_, worker) in results {
        *tasks.entry(worker).or_insert(0) += 1;
    }
    assert!(tasks.values().all(|count| *count <= 5), "{tasks:?}");
    assert!(tasks.len() >= 12, "{tasks:?}");
}

/// Keeps every lane busy until there is a mark.
fn keep_busy(dir: &Path, name: &'static str) {
    let start = Instant::now();
    let goes_on =
        move |_: &u32| !dir.join(name).exists() && start.elapsed() < Duration::from_secs(40);
    let endless = concurrent! {
        for n in (0_u32..).take_while(goes_on) => {
            mark(dir, "busy");
            tokio::time::sleep(Duration::from_millis(1)).await;
            n
        }
    };
    for (index, result) in endless.iter() {
        assert_eq!(result.expect("it is fine") as usize, index);
    }
    assert!(dir.join(name).exists(), "nobody else had a turn");
}

pub(crate) fn an_ordinary_task_gets_its_turn(dir: &Path) {
    thread::scope(|scope| {
        scope.spawn(|| keep_busy(dir, "done"));
        assert!(await_mark(dir, "busy"));
        for _round in 0..3 {
            concurrent! { plain => id() }.run().expect("it gets a worker");
        }
        mark(dir, "done");
    });
}

pub(crate) fn a_short_run_gets_its_turn(dir: &Path) {
    thread::scope(|scope| {
        scope.spawn(|| keep_busy(dir, "done"));
        assert!(await_mark(dir, "busy"));
        for _round in 0..3 {
            concurrent! { short => own_id().await }.run().expect("it gets a lane");
        }
        mark(dir, "done");
    });
}

pub(crate) fn isolated_tasks_share_nothing(_dir: &Path) {
    let shared = worker();
    let alone = concurrent! { for _ in 0..4 => own_id().await }.isolated().run();
    let alone: BTreeSet<u32> = alone.expect("all are fine").into_iter().collect();
    assert!(alone.len() == 4 && !alone.contains(&shared), "{alone:?}");
}

pub(crate) fn an_idle_worker_leaves_and_a_busy_one_keeps_its_lanes(dir: &Path) {
    for round in 0..3 {
        let begun = format!("begun-{round}");
        let over = format!("over-{round}");
        let run = concurrent! {
            first => { mark(dir, &begun); assert!(until_mark(dir, &over).await); id() },
        };
        let first = begin(run, dir, &begun);
        // The other lane has nothing to do for longer than a worker is kept.
        thread::sleep(Duration::from_millis(200));
        let (second,) = concurrent! { second => { mark(dir, &over); own_id().await } }
            .run()
            .expect("there is a lane");
        let executor = tokio::runtime::Builder::new_current_thread().build().expect("it can be");
        let (first,) = executor.block_on(first).expect("it is fine");
        assert_eq!(first, second);
        assert!(eventually(|| !is_alive(first)), "it did not leave");
    }
}

/// Tasks that end well, fail, are dropped and die.
fn mixed(dir: &Path, round: u32) {
    let bytes = vec![1_u8; 100_000];
    let (small, large, fails) = concurrent! {
        small => { tokio::task::yield_now().await; round },
        large => { tokio::task::yield_now().await; bytes },
        fails => { tokio::task::yield_now().await; "x".parse::<u8>()? },
    }
    .settle()
    .run()
    .expect("a settled run does not fail");
    assert_eq!((small.expect("it is fine"), large.expect("it is fine").len()), (round, 100_000));
    assert!(fails.is_err());
    if round % 10 == 0 {
        let dies = concurrent! {
            for n in 0..4 => {
                if n == 3 {
                    std::process::abort();
                }
                until_mark(dir, "never").await
            }
        };
        assert_eq!(dies.run().expect_err("one dies").kind(), ErrorKind::Killed);
    }
    if round % 10 == 5 {
        let begun = format!("begun-{round}");
        let run = concurrent! { pends => { mark(dir, &begun); pend(dir, "dropped").await } };
        drop(begin(run, dir, &begun));
    }
}

pub(crate) fn runs_crashes_and_drops_leave_nothing(dir: &Path) {
    let server = concurrent! { server => { tokio::task::yield_now().await; parent_id() } };
    let (server,) = server.run().expect("it is fine");
    let fill = || {
        let both = concurrent! {
            for _ in 0..8 => { tokio::time::sleep(Duration::from_millis(50)).await; }
        };
        both.run().expect("all succeed");
    };
    for round in 0..30 {
        mixed(dir, round);
    }
    fill();
    // What was let go is on its way out.
    let settled = || children(server).len() <= 2 && zombies(server).is_empty();
    assert!(eventually(settled));
    fill();
    let own = id();
    let before = (descriptors(own).len(), descriptors(server).len(), mappings(own));
    for round in 0..200 {
        mixed(dir, round);
    }
    fill();
    assert!(eventually(settled));
    fill();
    let is_as_before = || {
        worker();
        descriptors(own).len() <= before.0 && descriptors(server).len() <= before.1
    };
    assert!(
        eventually(is_as_before),
        "{before:?} {:?} {:?}",
        descriptors(own),
        descriptors(server)
    );
    assert!(mappings(own) <= before.2 + 20, "{} {}", mappings(own), before.2);
}
