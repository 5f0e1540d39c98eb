//! Tasks that fail, panic or take the process along.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::id;
use std::sync::atomic::{AtomicU32, Ordering};

use concur::{ErrorKind, TaskError, WorkerLocal, concurrent};
use rustix::process::{Signal, kill_process};

use crate::contract::{eventually, is_alive, mark};
use crate::processes;
use crate::tasks::{Guard, mark_own, until_mark, worker};

pub(crate) fn a_panic_is_that_of_its_task_alone(dir: &Path) {
    let before = worker();
    let (panics, other) = concurrent! {
        panics => {
            assert!(until_mark(dir, "other").await);
            let _guard = Guard(dir.join("panicked"));
            panic!("boom {}", 7);
        },
        other => {
            mark(dir, "other");
            assert!(until_mark(dir, "panicked").await);
            tokio::task::yield_now().await;
            id()
        },
    }
    .settle()
    .run()
    .expect("a settled run does not fail");
    let err = panics.expect_err("it panics");
    let panic = err.panic().expect("it panicked");
    assert_eq!((err.kind(), panic.message()), (ErrorKind::Panicked, "boom 7"));
    assert!(panic.file().is_some_and(|file| file.ends_with("ends.rs")), "{panic:?}");
    assert_eq!((other.expect("it goes on"), worker()), (before, before));
}

pub(crate) fn failures_are_those_of_their_tasks_alone(_dir: &Path) {
    let before = worker();
    let results = concurrent! {
        for n in 0..60_u32 => {
            tokio::task::yield_now().await;
            if n % 3 == 0 {
                Err(format!("{n} fails"))?;
            }
            (n, id())
        }
    };
    for (n, result) in (0..).zip(results.settle().run().expect("a settled run does not fail")) {
        match result {
            Ok(found) => assert_eq!(found, (n, before)),
            Err(err) => assert_eq!(err.message(), format!("{n} fails")),
        }
    }
}

/// Says that it was one of several that died at once.
fn assert_died_with_others(err: &TaskError, kind: ErrorKind, how: &str) {
    assert_eq!((err.kind(), err.may_have_run()), (kind, true), "{err}");
    let text = err.to_string();
    assert!(text.contains("was lost with its worker") && text.contains(how), "{text}");
    assert!(text.contains(" as well"), "{text}");
}

pub(crate) fn a_crash_is_that_of_all(dir: &Path) {
    let before = worker();
    let (first, second, aborts) = concurrent! {
        first => { mark(dir, "first"); until_mark(dir, "never").await },
        second => { mark(dir, "second"); until_mark(dir, "never").await },
        aborts => {
            assert!(until_mark(dir, "first").await && until_mark(dir, "second").await);
            std::process::abort();
        },
    }
    .settle()
    .run()
    .expect("a settled run does not fail");
    for err in [first.unwrap_err(), second.unwrap_err(), aborts.map(|()| true).unwrap_err()] {
        assert_died_with_others(&err, ErrorKind::Killed, "SIGABRT while it ran 2 other tasks");
        assert_eq!(err.pid(), Some(before));
    }
    assert_ne!(worker(), before);
}

pub(crate) fn an_exit_is_that_of_all(dir: &Path) {
    let (waits, exits) = concurrent! {
        waits => { mark(dir, "waits"); until_mark(dir, "never").await },
        exits => { assert!(until_mark(dir, "waits").await); std::process::exit(0) },
    }
    .settle()
    .run()
    .expect("a settled run does not fail");
    for err in [waits.unwrap_err(), exits.map(|()| true).unwrap_err()] {
        assert_died_with_others(&err, ErrorKind::Exited, "code 0 while it ran another task");
    }
}

pub(crate) fn an_overflown_stack_is_known(dir: &Path) {
    #[expect(unconditional_recursion, reason = "that is the point")]
    fn overflow(number: &mut [u64; 512]) -> u64 {
        let mut deeper = *number;
        deeper[0] += 1;
        overflow(&mut deeper) + number[1]
    }
    let (waits, overflows) = concurrent! {
        waits => { mark(dir, "waits"); until_mark(dir, "never").await },
        overflows => { assert!(until_mark(dir, "waits").await); overflow(&mut [0; 512]) },
    }
    .settle()
    .run()
    .expect("a settled run does not fail");
    let (waits, overflows) = (waits.unwrap_err(), overflows.unwrap_err());
    assert!(overflows.is_stack_overflow() && !waits.is_stack_overflow(), "{overflows} {waits}");
    assert!(overflows.to_string().contains("overflowed its stack"), "{overflows}");
    assert_died_with_others(&waits, ErrorKind::Killed, "another task");
}

static STARTED: AtomicU32 = AtomicU32::new(0);

#[concur::on_worker_start]
fn note_start() {
    STARTED.fetch_add(1, Ordering::Relaxed);
}

static KEPT: WorkerLocal<Option<Guard>> = WorkerLocal::new(|| None);

pub(crate) fn hooks_have_run_and_what_is_kept_is_dropped(dir: &Path) {
    let meet = || {
        concurrent! {
            for own in 0..2_u32 => {
                assert_eq!(STARTED.load(Ordering::Relaxed), 1);
                let there = KEPT.with(|kept| {
                    let there = kept.is_some();
                    kept.get_or_insert_with(|| Guard(dir.join(format!("dropped-{own}"))));
                    there
                });
                mark(dir, &format!("{there}-{own}"));
                assert!(until_mark(dir, &format!("{there}-{}", 1 - own)).await);
                (there, id())
            }
        }
        .run()
        .expect("they meet")
    };
    let (first, again) = (meet(), meet());
    assert!(first.iter().all(|(there, _)| !there) && again.iter().all(|(there, _)| *there));
    assert_eq!(first[0].1, again[1].1);
    let dropped = |own: u32| dir.join(format!("dropped-{own}")).exists();
    assert!(!dropped(0) && !dropped(1));
    // An ordinary task needs the room.
    concurrent! { plain => id() }.run().expect("it is fine");
    assert!(eventually(|| dropped(0) && dropped(1)), "they were not dropped");
}

pub(crate) fn tries_have_a_worker_of_their_own(dir: &Path) {
    let first = worker();
    let (tried,) = concurrent! {
        tried => {
            let tries = std::fs::read_dir(dir)?.count();
            mark(dir, &format!("try-{}", id()));
            tokio::task::yield_now().await;
            if concur::task::current().is_some_and(|task| task.attempt() < 3) {
                Err(format!("not yet: {tries}"))?;
            }
            id()
        },
    }
    .retries(2)
    .run()
    .expect("the third try succeeds");
    let found = std::fs::read_dir(dir).expect("it is there").flatten();
    let names: BTreeSet<String> =
        found.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let count = names.iter().filter(|name| name.starts_with("try-")).count();
    assert!(names.contains(&format!("try-{first}")) && tried != first);
    assert_eq!(count, 3, "{names:?}");
}

pub(crate) fn a_worker_that_was_killed_idle_is_replaced(dir: &Path) {
    for round in 0..5 {
        let idle = worker();
        kill_process(processes::pid(idle), Signal::KILL).expect("it can be killed");
        assert!(eventually(|| !is_alive(idle)));
        let (first, second) = concurrent! {
            first => { tokio::task::yield_now().await; mark_own(dir, &format!("first-{round}")) },
            second => { tokio::task::yield_now().await; mark_own(dir, &format!("second-{round}")) },
        }
        .run()
        .expect("another worker runs them");
        assert!(first == second && first != idle);
    }
}
