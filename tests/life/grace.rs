//! Tasks that have asked for time before they are killed: what becomes of their workers.

use std::os::unix::process::parent_id;
use std::path::Path;
use std::pin::Pin;
use std::process::id;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use concur::{Driver, ErrorKind, Tasks, concurrent, task};

use crate::contract::{await_mark, eventually, is_alive, mark};
use crate::leaks::limit_descriptors;
use crate::processes::{children, descriptors, mappings, zombies};

/// Short enough to be waited for in a test.
const SHORT: Duration = Duration::from_millis(100);

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(50);

fn worker() -> u32 {
    let (worker,) = concurrent! {
        worker => {
            assert!(!task::cancelled(), "the word was for another task");
            id()
        },
    }
    .run()
    .expect("it is fine");
    worker
}

/// Polls the run until its task has begun, and drops it.
fn begin_and_drop<T>(run: Tasks<T>, dir: &Path, begun: &str) {
    let mut run = run.into_future();
    let has_begun = eventually(|| {
        // It may have to wait for a worker first.
        let polled = Pin::new(&mut run).poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Pending));
        dir.join(begun).exists()
    });
    assert!(has_begun, "it did not begin");
    drop(run);
}

/// Played with one worker.
pub(crate) fn a_worker_whose_task_ends_when_told_is_used_again(dir: &Path) {
    let (mut first, mut in_time) = (worker(), 0);
    for round in 0..20_u32 {
        let asked = format!("asked-{round}");
        let err = concurrent! {
            told => {
                task::on_cancel(LONG);
                mark(dir, &asked);
                assert!(eventually(task::cancelled));
            },
        }
        .timeout(SHORT / 4)
        .run()
        .expect_err("its time is over");
        let told = err.failures()[0].pid();
        assert_eq!((err.kind(), told), (ErrorKind::TimedOut, Some(first)), "{err}");
        let next = worker();
        if dir.join(asked).exists() {
            in_time += 1;
            assert_eq!(next, first, "the worker was replaced");
        }
        // A busy machine may have left it no time to ask.
        first = next;
    }
    assert!(in_time > 0, "no task ever asked in time");
    // What one task has asked for is not there for the next.
    let (ended,) = concurrent! { ended => { task::on_cancel(LONG); id() } }.run().expect("it ends");
    let err = concurrent! { endless => { while !task::cancelled() {} thread::sleep(LONG); } }
        .timeout(SHORT)
        .run()
        .expect_err("it never ends");
    assert_eq!((ended, err.failures()[0].pid()), (first, Some(first)));
    assert!(err.to_string().contains("and was stopped"), "{err}");
    assert!(!is_alive(first), "it was to be killed at once");
}

/// Played with one worker. Tasks end just before, at, or just after the moment at which they are
/// killed; whatever is said to the worker then must not reach the task after it.
pub(crate) fn the_end_of_a_grace_never_meets_the_next_task(_dir: &Path) {
    let limit = Duration::from_millis(2);
    let (mut stayed, mut before) = (0, worker());
    for round in 0..120_u32 {
        let (grace, slow) = (limit * 2, limit * (round % 9) / 2);
        let result = concurrent! {
            races => {
                task::on_cancel(grace);
                thread::sleep(slow);
                round
            },
        }
        .timeout(limit)
        .run();
        match result {
            Ok((found,)) => assert_eq!(found, round),
            Err(err) => assert_eq!(err.kind(), ErrorKind::TimedOut, "{err}"),
        }
        let (next,) = concurrent! {
            next => {
                thread::sleep(grace * 2);
                assert!(!task::cancelled(), "the word was for another task");
                id()
            },
        }
        .run()
        .expect("it is nobody's business");
        stayed += u32::from(next == before);
        before = next;
    }
    assert!(stayed > 0, "every worker was replaced");
}

/// Played with one worker, so what comes next has to wait for it.
pub(crate) fn a_dropped_run_gives_its_worker_back(dir: &Path) {
    let first = worker();
    for round in 0..20_u32 {
        let begun = format!("begun-{round}");
        let run = concurrent! {
            told => {
                task::on_cancel(LONG);
                mark(dir, &begun);
                assert!(eventually(task::cancelled));
                mark(dir, &format!("told-{round}"));
            },
        };
        begin_and_drop(run, dir, &begun);
        assert_eq!(worker(), first, "the worker was replaced");
        assert!(dir.join(format!("told-{round}")).exists(), "two tasks at once on one worker");
    }
    let (server,) = concurrent! { server => parent_id() }.run().expect("it is fine");
    assert_eq!(children(server), [first]);
}

/// Played with one worker.
pub(crate) fn a_dropped_fork_keeps_its_place(dir: &Path) {
    for round in 0..5_u32 {
        let (begun, told) = (format!("begun-{round}"), dir.join(format!("told-{round}")));
        let run = concurrent! {
            told => {
                task::on_cancel(LONG);
                mark(dir, &begun);
                assert!(eventually(task::cancelled));
                thread::sleep(SHORT);
                std::fs::write(&told, "")?;
            },
        };
        begin_and_drop(run.driver(Driver::Fork), dir, &begun);
        let next = concurrent! { next => told.exists() }.driver(Driver::Fork).run();
        assert_eq!(next.expect("its turn comes"), (true,), "two forks at once with room for one");
    }
}

pub(crate) fn dropping_a_run_does_not_wait_for_its_tasks(dir: &Path) {
    for driver in [Driver::Process, Driver::Fork] {
        let name = driver.name().to_owned();
        let begun = format!("{name}-begun");
        let run = concurrent! {
            goes_on => {
                task::on_cancel(LONG);
                mark(dir, &begun);
                // Only whoever comes back from dropping it writes this.
                assert!(await_mark(dir, &format!("{name}-dropped")));
                assert!(task::cancelled());
                mark(dir, &format!("{name}-done"));
            },
        };
        begin_and_drop(run.driver(driver), dir, &begun);
        mark(dir, &format!("{name}-dropped"));
        assert!(await_mark(dir, &format!("{name}-done")), "{name}: it was killed within its time");
    }
}

pub(crate) fn a_dropped_run_that_goes_on_is_killed(dir: &Path) {
    for driver in [Driver::Process, Driver::Fork] {
        let name = driver.name().to_owned();
        let run = concurrent! {
            goes_on => {
                task::on_cancel(SHORT);
                std::fs::write(dir.join(format!("{name}-pid")), id().to_string())?;
                mark(dir, &name);
                loop { std::hint::spin_loop(); }
            },
        };
        begin_and_drop(run.driver(driver.clone()), dir, &name);
        let pid = std::fs::read_to_string(dir.join(format!("{name}-pid"))).expect("it has begun");
        let pid = pid.parse().expect("a number");
        assert!(eventually(|| !is_alive(pid)), "{name}: {pid} goes on");
        assert!(eventually(|| zombies(id()).is_empty()), "{name}: nobody has buried {pid}");
        let (next,) = concurrent! { next => 1 }.driver(driver).run().expect("it is fine");
        assert_eq!(next, 1);
    }
}

/// Played with two workers.
pub(crate) fn dropped_runs_leave_nothing(dir: &Path) {
    for driver in [Driver::Process, Driver::Fork] {
        let name = driver.name().to_owned();
        let round = |round: u32| {
            let begun = format!("{name}-{round}");
            let large = vec![1_u8; 100_000];
            let run = concurrent! {
                one => {
                    task::on_cancel(if round % 4 == 0 { SHORT / 10 } else { LONG });
                    mark(dir, &begun);
                    assert!(eventually(task::cancelled));
                    if round % 4 == 0 { thread::sleep(LONG); }
                    large.len()
                },
            };
            begin_and_drop(run.driver(driver.clone()), dir, &begun);
        };
        let run = || {
            let both =
                concurrent! { for number in 0..4_u32 => { thread::sleep(SHORT / 5); number } };
            both.driver(driver.clone()).run().expect("they are fine");
        };
        (0..10).for_each(round);
        run();
        // Arenas are kept and used again: as many as were ever used at once, which differs.
        let held = || {
            let all = descriptors(id()).into_iter();
            let (arenas, others): (Vec<_>, Vec<_>) = all.partition(|it| it.contains("arena"));
            (arenas.len(), others)
        };
        let before = (held(), mappings(id()));
        (10..60).for_each(round);
        let settled = || {
            // A run takes notice of what has ended.
            run();
            let (arenas, others) = held();
            others.len() <= before.0.1.len() && arenas <= before.0.0 + 6
        };
        assert!(eventually(settled), "{:#?}\nbefore: {:#?}", held(), before.0);
        assert!(mappings(id()) <= before.1 + 20, "{} mappings, {}", mappings(id()), before.1);
        assert!(eventually(|| zombies(id()).is_empty()));
    }
    let (server,) = concurrent! { server => parent_id() }.run().expect("it is fine");
    assert!(eventually(|| children(server).len() <= 2), "{:?}", children(server));
}

/// Where nobody can look after what was dropped, it is killed at once.
pub(crate) fn a_run_dropped_without_a_descriptor_is_killed(dir: &Path) {
    let mut outcomes = concurrent! {
        for number in 0..2_u32 => {
            if number == 1 {
                task::on_cancel(LONG);
                std::fs::write(dir.join("pid"), id().to_string())?;
                mark(dir, "begun");
                thread::sleep(LONG);
            }
        }
    }
    .limit(2)
    .iter();
    let (first, _) = outcomes.next().expect("there are two");
    assert!(first == 0 && await_mark(dir, "begun"));
    let pid = std::fs::read_to_string(dir.join("pid")).expect("it has begun");
    let pid = pid.parse().expect("a number");
    let before = limit_descriptors(0);
    drop(outcomes);
    limit_descriptors(before);
    assert!(eventually(|| !is_alive(pid)), "nobody has killed it");
    worker();
}

pub(crate) fn shutdown_waits_for_what_is_left_of_a_run(dir: &Path) {
    let run = concurrent! {
        told => {
            task::on_cancel(LONG);
            mark(dir, "begun");
            assert!(await_mark(dir, "dropped") && task::cancelled());
            mark(dir, "done");
        },
    };
    begin_and_drop(run, dir, "begun");
    thread::scope(|scope| {
        scope.spawn(|| {
            // Runs are refused when the end has begun.
            assert!(eventually(|| concurrent! { late => () }.run().is_err()));
            mark(dir, "dropped");
        });
        concur::shutdown(LONG).expect("it ends in time");
    });
    assert!(dir.join("done").exists(), "it was not waited for");
    assert!(children(id()).is_empty(), "the fork server is gone");
}

pub(crate) fn shutdown_ends_what_is_left_of_a_run(dir: &Path) {
    for driver in [Driver::Process, Driver::Fork] {
        let name = driver.name().to_owned();
        let run = concurrent! {
            goes_on => {
                task::on_cancel(LONG);
                std::fs::write(dir.join(format!("{name}-pid")), id().to_string())?;
                mark(dir, &name);
                loop { std::hint::spin_loop(); }
            },
        };
        begin_and_drop(run.driver(driver), dir, &name);
    }
    let err = concur::shutdown(SHORT).expect_err("they do not end");
    assert_eq!(err.kind(), ErrorKind::TimedOut, "{err}");
    for name in ["process", "fork"] {
        let pid = std::fs::read_to_string(dir.join(format!("{name}-pid"))).expect("it has begun");
        let pid = pid.parse().expect("a number");
        assert!(eventually(|| !is_alive(pid)), "{name}: {pid} goes on");
    }
}
