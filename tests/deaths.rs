//! Deaths on driver Process: those of the contract, and those of idle workers, of what tasks leave
//! behind, and of the fork server.
//!
//! A program of its own with one check at a time, since a fork server that is killed takes along
//! whatever else runs.

#[path = "contract/deaths.rs"]
#[macro_use]
mod deaths;
#[path = "contract/helpers.rs"]
mod contract;
mod harness;
#[path = "contract/killed.rs"]
mod killed;
#[path = "contract/memory.rs"]
mod memory;

use std::pin::Pin;
use std::process::ExitCode;
use std::task::{Context, Waker};
use std::time::Duration;

use concur::{Config, Driver, Error, ErrorKind, TaskError, concurrent};
use contract::{Marks, await_mark, eventually, is_alive, mark};
use deaths::{Way, die};
use rustix::process::{Pid, Signal, kill_process};

macro_rules! checks {
    ($($theme:ident::$name:ident),* $(,)?) => {
        &[$((stringify!($name), || $theme::$name(&Driver::Process)),)*]
    };
}

fn main() -> ExitCode {
    Config::new().driver(Driver::Process).workers(16).install().expect("it is allowed");
    let own: &[harness::Check] = &[
        ("killed_while_idle", killed_while_idle),
        ("a_thread_left_behind_ends_the_process", a_thread_left_behind_ends_the_process),
        ("a_thread_left_behind_races_with_the_next_task", a_thread_left_behind_races),
        ("workers_that_kill_each_other", workers_that_kill_each_other),
        ("a_crash_at_every_moment_of_a_run", a_crash_at_every_moment_of_a_run),
        ("the_fork_server_is_killed_by_a_task", the_fork_server_is_killed_by_a_task),
        ("the_fork_server_is_killed_while_idle", the_fork_server_is_killed_while_idle),
        ("the_fork_server_is_killed_from_many_tasks", the_fork_server_is_killed_from_many_tasks),
        ("a_dropped_run_never_mixes_arguments", a_dropped_run_never_mixes_arguments),
        ("isolated_tasks_have_a_worker_each", isolated_tasks_have_a_worker_each),
        #[cfg(feature = "tokio")]
        ("async_tasks_have_limits", || memory::async_tasks_have_limits(&Driver::Process)),
    ];
    let contract: &[harness::Check] = deaths_contract!(checks);
    harness::run(&[contract, own].concat())
}

/// A process by its number.
fn pid(number: u32) -> Pid {
    let number = i32::try_from(number).ok();
    number.and_then(Pid::from_raw).expect("a pid is a positive number")
}

/// The process of a worker that is idle now.
fn idle_worker() -> Result<u32, Error> {
    Ok(concurrent! { idle => std::process::id() }.run()?.0)
}

fn killed_while_idle() {
    for _round in 0..20 {
        let worker = idle_worker().expect("it is fine");
        kill_process(pid(worker), Signal::KILL).expect("it is there");
        let next = idle_worker().expect("the next task runs");
        assert_ne!(worker, next);
    }
    // All of them at once, and the next task is not told.
    let workers = concurrent! {
        for _ in 0..16 => {
            std::thread::sleep(Duration::from_millis(20));
            std::process::id()
        }
    };
    for worker in workers.run().expect("all are fine") {
        let _ = kill_process(pid(worker), Signal::KILL);
    }
    let after = concurrent! { for number in 0..50_u32 => number }.run().expect("all are fine");
    assert_eq!(after.len(), 50);
}

fn a_thread_left_behind_ends_the_process() {
    for code in [0, 3] {
        let marks = Marks::new();
        let dir = marks.dir();
        let (worker,) = concurrent! {
            leaves => {
                std::thread::spawn(move || {
                    await_mark(&dir, "replied");
                    std::process::exit(code);
                });
                std::process::id()
            },
        }
        .run()
        .expect("the result stands");
        mark(&marks.dir(), "replied");
        assert!(eventually(|| !is_alive(worker)));
        let next = idle_worker().expect("the next task is not lost");
        assert_ne!(worker, next);
    }
}

fn a_thread_left_behind_races() {
    let mut leaving = Vec::new();
    for round in 0..100_u32 {
        let (delay, answer) = (Duration::from_micros(u64::from(round) * 7), round);
        let result = concurrent! {
            leaves => {
                std::thread::spawn(move || {
                    std::thread::sleep(delay);
                    std::process::exit(9);
                });
                (answer, std::process::id())
            },
        }
        .run();
        match result {
            Ok(((found, worker),)) => {
                assert_eq!(found, round);
                leaving.push(worker);
            }
            Err(err) => assert_eq!(
                (err.kind(), err.failures()[0].exit_code()),
                (ErrorKind::Exited, Some(9))
            ),
        }
        // The next may meet its end as well, but is never lost and never gets another's result.
        match (concurrent! { next => answer + 1000 }).run() {
            Ok((found,)) => assert_eq!(found, round + 1000),
            Err(err) => assert_eq!(
                (err.kind(), err.failures()[0].exit_code()),
                (ErrorKind::Exited, Some(9))
            ),
        }
    }
    // However late the last of them are woken, they must not end in another test.
    assert!(eventually(|| leaving.iter().all(|worker| !is_alive(*worker))));
}

fn workers_that_kill_each_other() {
    for count in [1, 2, 5, 13_u32] {
        for _round in 0..5 {
            let results: Vec<Result<u32, TaskError>> = concurrent! {
                for number in 0..2 * count => {
                    kill_siblings();
                    number
                }
            }
            .limit(count as usize)
            .settle()
            .run()
            .expect("a settled run does not fail");
            for (number, result) in (0..).zip(results) {
                match result {
                    Ok(found) => assert_eq!(found, number),
                    Err(err) => {
                        // One that is killed before it takes a task, three times in a row, is a
                        // worker that does not start.
                        let known = matches!(err.kind(), ErrorKind::Killed | ErrorKind::Start);
                        assert!(known, "{err}");
                    }
                }
            }
        }
        idle_worker().expect("the next run works");
    }
}

/// Kills every other worker of the fork server.
fn kill_siblings() {
    let server = std::os::unix::process::parent_id();
    let list = std::fs::read_to_string(format!("/proc/{server}/task/{server}/children"));
    let own = std::process::id();
    for sibling in list.unwrap_or_default().split_whitespace() {
        let sibling: u32 = sibling.parse().expect("a number");
        if sibling != own {
            let _ = kill_process(pid(sibling), Signal::KILL);
        }
    }
}

fn a_crash_at_every_moment_of_a_run() {
    // Somebody kills workers at random moments while runs go on.
    let marks = Marks::new();
    let dir = marks.dir();
    let killer = std::thread::spawn(move || {
        while !dir.join("over").exists() {
            if let Ok(worker) = idle_worker() {
                let _ = kill_process(pid(worker), Signal::KILL);
            }
        }
    });
    for round in 0..200_u32 {
        let large = vec![round; 40_000];
        let results = concurrent! {
            for number in 0..8_u32 => (number, large.len(), vec![number; 30_000])
        }
        .settle()
        .run()
        .expect("a settled run does not fail");
        for (number, result) in (0..).zip(results) {
            match result {
                Ok((found, length, list)) => {
                    assert_eq!((found, length), (number, 40_000));
                    assert!(list == vec![number; 30_000]);
                }
                Err(err) => {
                    let known = matches!(err.kind(), ErrorKind::Killed | ErrorKind::Start);
                    assert!(known, "{err}");
                }
            }
        }
    }
    mark(&marks.dir(), "over");
    killer.join().expect("it ends well");
}

fn the_fork_server_is_killed_by_a_task() {
    for _round in 0..3 {
        let err = concurrent! {
            kills => {
                let server = pid(std::os::unix::process::parent_id());
                kill_process(server, Signal::KILL)?;
                std::thread::sleep(Duration::from_secs(600));
            },
        }
        .run()
        .expect_err("it is gone with the server");
        assert_eq!(err.kind(), ErrorKind::Killed, "{err}");
        assert!(err.to_string().contains("fork server"), "{err}");
        idle_worker().expect("another server is started");
    }
}

fn the_fork_server_is_killed_while_idle() {
    for wait in [true, false] {
        let (server, worker) = concurrent! {
            server => std::os::unix::process::parent_id(),
            worker => std::process::id(),
        }
        .limit(1)
        .run()
        .expect("both are fine");
        kill_process(pid(server), Signal::KILL).expect("it is there");
        if wait {
            assert!(eventually(|| !is_alive(worker) && !is_alive(server)));
        }
        let results = concurrent! { for number in 0..20_u32 => number }.settle().run();
        for result in results.expect("a settled run does not fail") {
            // A worker that had not followed its server yet may have taken a task along.
            if let Err(err) = result {
                assert_eq!((err.kind(), wait), (ErrorKind::Killed, false), "{err}");
            }
        }
        idle_worker().expect("the next run works");
    }
}

fn the_fork_server_is_killed_from_many_tasks() {
    let results: Vec<Result<u32, TaskError>> = concurrent! {
        for number in 0..40_u32 => {
            if number % 10 == 5 {
                kill_process(pid(std::os::unix::process::parent_id()), Signal::KILL)?;
            }
            number
        }
    }
    .settle()
    .run()
    .expect("a settled run does not fail");
    for (number, result) in (0..).zip(results) {
        match result {
            Ok(found) => assert_eq!(found, number),
            Err(err) => {
                let known = matches!(err.kind(), ErrorKind::Killed | ErrorKind::Start);
                assert!(known, "{err}");
            }
        }
    }
    idle_worker().expect("the next run works");
}

fn a_dropped_run_never_mixes_arguments() {
    const LENGTH: usize = 4 << 20;
    let marks = Marks::new();
    for round in 0..250_u8 {
        let dir = marks.dir();
        let bytes = vec![round; LENGTH];
        let mut run = concurrent! {
            check => {
                let mut seen = bytes.iter().step_by(LENGTH / 64);
                if let Some(other) = seen.find(|found| **found != round) {
                    std::fs::write(dir.join("mixed"), format!("{round} got {other}"))?;
                }
            },
        }
        .into_future();
        // One poll hands the task over; then it is dropped, at one moment or another.
        let mut ctx = Context::from_waker(Waker::noop());
        let _ = Pin::new(&mut run).poll(&mut ctx);
        for _ in 0..u32::from(round % 16) * 100 {
            std::hint::spin_loop();
        }
        drop(run);
    }
    idle_worker().expect("the next run works");
    let mixed = std::fs::read_to_string(marks.dir().join("mixed"));
    assert!(mixed.is_err(), "a task saw the arguments of another: {mixed:?}");
}

fn isolated_tasks_have_a_worker_each() {
    let mut workers = concurrent! { for _ in 0..30 => std::process::id() }
        .isolated()
        .run()
        .expect("all are fine");
    workers.sort_unstable();
    workers.dedup();
    assert_eq!(workers.len(), 30);
    let results = concurrent! {
        for number in 0..20_u32 => { if number % 2 == 0 { die(Way::Abort); } number }
    }
    .isolated()
    .settle()
    .run()
    .expect("a settled run does not fail");
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 10);
}
