//! Tasks that are to stop: their futures are dropped, and only what does not yield is killed.

use std::path::Path;
use std::process::id;
use std::thread;

use concur::{ErrorKind, concurrent, task};
use rustix::process::{Signal, kill_process};

use crate::contract::{await_mark, eventually, is_alive, mark};
use crate::processes;
use crate::tasks::{
    Guard, LONG, SHORT, begin, in_time, mark_own, own_id, pend, until, until_mark, worker,
};

pub(crate) fn a_timeout_drops_a_future(dir: &Path) {
    in_time(dir, |dir| {
        let before = worker();
        let (late, neighbour) = concurrent! {
            #[task(timeout = "200ms")]
            late => pend(dir, "dropped").await,
            neighbour => { assert!(until_mark(dir, "dropped").await); own_id().await },
        }
        .settle()
        .run()
        .expect("a settled run does not fail");
        let err = late.expect_err("its time is over");
        assert_eq!((err.kind(), err.may_have_run()), (ErrorKind::TimedOut, true), "{err}");
        if !err.to_string().contains("and was dropped") {
            return false;
        }
        assert_eq!((err.pid(), neighbour.expect("it goes on")), (Some(before), before));
        assert_eq!(worker(), before, "the worker was replaced");
        true
    });
}

pub(crate) fn a_failure_drops_the_other_futures(dir: &Path) {
    in_time(dir, |dir| {
        let before = worker();
        let err = concurrent! {
            first => { mark(dir, "first"); pend(dir, "first-dropped").await },
            second => { mark(dir, "second"); pend(dir, "second-dropped").await },
            fails => {
                assert!(until_mark(dir, "first").await && until_mark(dir, "second").await);
                Err("no")?;
            },
        }
        .run()
        .map(|((), (), ())| ())
        .expect_err("one fails");
        assert_eq!((err.kind(), err.task()), (ErrorKind::Failed, Some("fails")), "{err}");
        let dropped = dir.join("first-dropped").exists() && dir.join("second-dropped").exists();
        dropped && worker() == before
    });
}

pub(crate) fn a_dropped_run_drops_its_futures(dir: &Path) {
    in_time(dir, |dir| {
        let before = worker();
        let run = concurrent! { pends => { mark(dir, "begun"); pend(dir, "dropped").await } };
        drop(begin(run, dir, "begun"));
        assert!(await_mark(dir, "dropped") || !is_alive(before));
        worker() == before && dir.join("dropped").exists()
    });
}

pub(crate) fn a_task_that_does_not_yield_takes_the_others_along(dir: &Path) {
    in_time(dir, |dir| {
        let before = worker();
        let (blocks, first, second) = concurrent! {
            #[task(timeout = "300ms")]
            blocks => {
                let _guard = Guard(dir.join("dropped"));
                until_mark(dir, "first").await;
                until_mark(dir, "second").await;
                thread::sleep(LONG);
            },
            first => { mark(dir, "first"); until_mark(dir, "dropped").await },
            second => { mark(dir, "second"); until_mark(dir, "dropped").await },
        }
        .settle()
        .run()
        .expect("a settled run does not fail");
        let err = blocks.expect_err("its time is over");
        assert_eq!((err.kind(), err.pid()), (ErrorKind::TimedOut, Some(before)), "{err}");
        if dir.join("dropped").exists() {
            // It was too late to block.
            return false;
        }
        assert!(err.to_string().contains("and was stopped"), "{err}");
        for err in [first.expect_err("it is lost"), second.expect_err("it is lost")] {
            assert_eq!((err.kind(), err.may_have_run()), (ErrorKind::Killed, true), "{err}");
            let text = err.to_string();
            assert!(text.contains("was lost with its worker"), "{text}");
            assert!(text.contains("task `blocks` did not yield"), "{text}");
        }
        assert_ne!(worker(), before, "it was killed");
        true
    });
}

pub(crate) fn an_answer_that_was_given_counts(dir: &Path) {
    in_time(dir, |dir| {
        let before = worker();
        let quick = concurrent! {
            quick => { assert!(until_mark(dir, "go").await); mark_own(dir, "quick") },
        };
        let blocks = concurrent! {
            blocks => {
                mark(dir, "begun");
                until_mark(dir, "quick").await;
                mark(dir, "blocking");
                thread::sleep(LONG);
            },
        };
        // The first one waits for a mark, so that it has not ended when it was begun.
        mark(dir, "started");
        let quick = begin(quick, dir, "started");
        let blocks = begin(blocks, dir, "begun");
        mark(dir, "go");
        assert!(await_mark(dir, "blocking"));
        drop(blocks);
        assert!(eventually(|| !is_alive(before)), "it was to be killed");
        let executor = tokio::runtime::Builder::new_current_thread().build().expect("it can be");
        match executor.block_on(quick) {
            Ok((pid,)) => {
                assert_eq!(pid, before);
                true
            }
            // It was lost between its mark and its answer.
            Err(err) => {
                assert!(err.to_string().contains("`blocks` did not yield"), "{err}");
                false
            }
        }
    });
}

pub(crate) fn a_task_that_has_asked_for_time_gets_it(dir: &Path) {
    in_time(dir, |dir| {
        let before = worker();
        let (told, neighbour) = concurrent! {
            #[task(timeout = "200ms")]
            told => {
                task::on_cancel(LONG);
                mark(dir, "asked");
                assert!(until(task::cancelled).await);
                // It goes on, and may wait.
                let (cleaned,) = concurrent! { cleaned => own_id().await }.await?;
                tokio::time::sleep(SHORT).await;
                assert_ne!(cleaned, id());
                mark(dir, "cleaned");
            },
            neighbour => { assert!(until_mark(dir, "asked").await); task::cancelled() },
        }
        .settle()
        .run()
        .expect("a settled run does not fail");
        let err = told.expect_err("its time is over");
        assert_eq!(err.kind(), ErrorKind::TimedOut, "{err}");
        if !dir.join("asked").exists() {
            return false;
        }
        assert!(dir.join("cleaned").exists(), "{err}");
        assert!(err.to_string().contains("and ended by itself"), "{err}");
        assert!(!neighbour.expect("it goes on"), "the word was for another task");
        assert_eq!(worker(), before);
        true
    });
}

pub(crate) fn a_future_is_dropped_when_its_grace_is_over(dir: &Path) {
    in_time(dir, |dir| {
        let before = worker();
        let err = concurrent! {
            told => {
                task::on_cancel(SHORT);
                mark(dir, "asked");
                assert!(until(task::cancelled).await);
                mark(dir, "told");
                pend(dir, "dropped").await;
            },
        }
        .timeout(SHORT)
        .run()
        .expect_err("its time is over");
        assert_eq!(err.kind(), ErrorKind::TimedOut, "{err}");
        let marks = ["asked", "told", "dropped"].iter().all(|name| dir.join(name).exists());
        marks && err.to_string().contains("and was dropped") && worker() == before
    });
}

pub(crate) fn a_blocking_block_inside_is_stopped(dir: &Path) {
    in_time(dir, |dir| {
        let before = worker();
        let (blocks, neighbour) = concurrent! {
            #[task(timeout = "300ms")]
            blocks => {
                let _guard = Guard(dir.join("dropped"));
                tokio::task::yield_now().await;
                let inner = concurrent! { inner => { mark(dir, "inner"); thread::sleep(LONG); } };
                inner.run()?;
            },
            neighbour => { assert!(until_mark(dir, "dropped").await); id() },
        }
        .settle()
        .run()
        .expect("a settled run does not fail");
        let err = blocks.expect_err("its time is over");
        assert_eq!(err.kind(), ErrorKind::TimedOut, "{err}");
        let in_time = dir.join("inner").exists() && neighbour.is_ok();
        in_time && worker() == before
    });
}

/// Whether every thread of a process is stopped.
fn is_stopped(pid: u32) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).expect("it is there");
    threads.flatten().all(|thread| {
        let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('T'))
    })
}

pub(crate) fn what_was_told_to_stop_before_it_began_never_runs(dir: &Path) {
    let before = worker();
    let stopped = processes::pid(before);
    for round in 0..6 {
        // Nothing is taken meanwhile.
        kill_process(stopped, Signal::STOP).expect("it is there");
        assert!(eventually(|| is_stopped(before)), "it goes on");
        let ran = format!("ran-{round}");
        let run = concurrent! { late => { mark(dir, &ran); own_id().await } };
        if round % 2 == 0 {
            let err = run.deadline(SHORT).run().expect_err("nobody takes it");
            assert_eq!(
                (err.kind(), err.failures()[0].may_have_run()),
                (ErrorKind::TimedOut, false)
            );
        } else {
            drop(begin(run, dir, ""));
        }
        // Longer than a task may take to yield, for which others must not be killed.
        thread::sleep(SHORT * 5);
        kill_process(stopped, Signal::CONT).expect("it is there");
        // Both lanes are free again, and were not let go.
        let all = format!("all-{round}");
        let meet = concurrent! {
            for own in 0..2_u32 => {
                mark(dir, &format!("{all}-{own}"));
                assert!(until_mark(dir, &format!("{all}-{}", 1 - own)).await);
                id()
            }
        };
        assert_eq!(meet.run().expect("they meet"), [before, before]);
        assert!(!dir.join(ran).exists(), "it ran");
    }
}
