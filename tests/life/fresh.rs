//! Scenarios in a fresh process, which must end well.

use std::collections::HashSet;
use std::os::unix::process::parent_id;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use concur::{Driver, Error, ErrorKind, concurrent};
use rustix::process::{Signal, kill_process};

use crate::contract::{await_mark, eventually, is_alive, mark};
use crate::processes::{children, pid};

/// The worker and its server.
fn worker() -> Result<(u32, u32), Error> {
    let (both,) = concurrent! { both => (std::process::id(), parent_id()) }.run()?;
    Ok(both)
}

pub(crate) fn an_empty_block_starts_no_process(_dir: &Path) {
    let () = concurrent! {}.run().expect("there is nothing to fail");
    let nothing: Vec<u8> = Vec::new();
    let none = concurrent! { for one in nothing => one }.run().expect("there is nothing to fail");
    assert!(none.is_empty() && children(std::process::id()).is_empty());
    worker().expect("it is fine");
    assert_eq!(children(std::process::id()).len(), 1);
}

pub(crate) fn ps_tells_a_fork_server_from_its_workers(_dir: &Path) {
    let name = |pid: u32| std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let (worker, server) = worker().expect("it is fine");
    assert_eq!((name(worker).trim(), name(server).trim()), ("both", "concur-server"));
    // Those that were forked ahead of need have had no task.
    concurrent! { for _ in 0..4 => () }.isolated().run().expect("all are fine");
    let waits = || children(server).into_iter().any(|pid| name(pid).trim() == "concur-worker");
    assert!(eventually(waits));
}

pub(crate) fn a_worker_is_used_again_and_again(_dir: &Path) {
    let first = worker().expect("it is fine");
    for _round in 0..200 {
        assert_eq!(worker().expect("it is fine"), first);
    }
    let workers = concurrent! { for _ in 0..50 => std::process::id() }.limit(1).run();
    let workers: HashSet<u32> = workers.expect("all are fine").into_iter().collect();
    assert_eq!(workers, HashSet::from([first.0]));
}

pub(crate) fn a_worker_is_replaced_after_its_tasks(_dir: &Path) {
    let mut seen = Vec::new();
    for _round in 0..10 {
        let three: Vec<u32> = (0..3).map(|_| worker().expect("it is fine").0).collect();
        assert!(three.iter().all(|pid| *pid == three[0]), "{three:?}");
        assert_ne!(seen.last(), Some(&three[0]));
        seen.push(three[0]);
    }
    assert!(eventually(|| seen[..9].iter().all(|pid| !is_alive(*pid))));
}

pub(crate) fn recycling_loses_nothing(_dir: &Path) {
    thread::scope(|scope| {
        for _thread in 0..4 {
            scope.spawn(|| {
                let results = concurrent! { for number in 0..150_u32 => vec![number; 20] }
                    .run()
                    .expect("all succeed");
                for (number, list) in (0..).zip(results) {
                    assert_eq!(list, vec![number; 20]);
                }
            });
        }
    });
}

pub(crate) fn nested_blocks_need_one_worker_only(_dir: &Path) {
    let (sum, text) = concurrent! {
        sum => {
            let (a, b) = concurrent! {
                a => {
                    let (x, y) = concurrent! { x => 1_u32, y => 2_u32 }.run()?;
                    let more = concurrent! { for number in 0..5_u32 => number }.run()?;
                    x + y + more.iter().sum::<u32>()
                },
                b => 4_u32,
            }
            .run()?;
            a + b
        },
        text => "beside".to_owned(),
    }
    .run()
    .expect("all succeed");
    assert_eq!((sum, text.as_str()), (17, "beside"));
    // From several threads at once, each three deep, on one worker.
    thread::scope(|scope| {
        for _thread in 0..4 {
            scope.spawn(|| {
                let (deep,) = concurrent! {
                    outer => {
                        let (inner,) = concurrent! {
                            inner => { let (core,) = concurrent! { core => 5 }.run()?; core }
                        }.run()?;
                        inner
                    }
                }
                .run()
                .expect("it succeeds");
                assert_eq!(deep, 5);
            });
        }
    });
}

pub(crate) fn waiting_for_a_worker_costs_no_time(dir: &Path) {
    thread::scope(|scope| {
        let holds = scope.spawn(|| {
            concurrent! { holds => { mark(dir, "held"); await_mark(dir, "release") } }.run()
        });
        assert!(await_mark(dir, "held"));
        let waits =
            scope.spawn(|| concurrent! { waits => 1 }.timeout(Duration::from_secs(2)).run());
        // Longer than the timeout of the one that waits.
        thread::sleep(Duration::from_secs(3));
        mark(dir, "release");
        assert_eq!(holds.join().expect("it ends").expect("it succeeds"), (true,));
        assert_eq!(waits.join().expect("it ends").expect("its time had not begun"), (1,));
    });
}

pub(crate) fn waiting_ends_at_the_deadline(dir: &Path) {
    thread::scope(|scope| {
        let holds = scope.spawn(|| {
            concurrent! { holds => { mark(dir, "held"); await_mark(dir, "release") } }.run()
        });
        assert!(await_mark(dir, "held"));
        let block = || concurrent! { a => mark(dir, "ran"), b => 2 };
        let limit = Duration::from_millis(100);
        let err = block().deadline(limit).run().expect_err("there is no worker");
        assert_eq!((err.kind(), err.failures()[0].may_have_run()), (ErrorKind::TimedOut, false));
        let (a, b) = block().deadline(limit).settle().run().expect("a settled run does not fail");
        assert_eq!(a.expect_err("there is no worker").kind(), ErrorKind::TimedOut);
        assert_eq!(b.expect_err("there is no worker").kind(), ErrorKind::TimedOut);
        // Dropped while it waits: it never runs.
        mark(dir, "release");
        assert_eq!(holds.join().expect("it ends").expect("it succeeds"), (true,));
    });
    assert_eq!(concurrent! { next => 1 }.run().expect("the worker is free"), (1,));
    assert!(!dir.join("ran").exists());
}

pub(crate) fn drivers_inside_drivers(_dir: &Path) {
    let names = ["process", "fork", "thread", "sync"].map(str::to_owned);
    for outer in names.clone() {
        for inner in names.clone() {
            let driver: Driver = outer.parse().expect("it is a driver");
            let answer = concurrent! {
                task => {
                    let (answer,) = concurrent! { answer => 6 * 7 }.driver(inner.parse()?).run()?;
                    answer
                }
            }
            .driver(driver)
            .run();
            match answer {
                Ok((answer,)) => assert_eq!(answer, 42, "{inner} inside {outer}"),
                // The thread is one too many.
                Err(err) => {
                    let both = (outer.as_str(), inner.as_str());
                    assert_eq!(both, ("thread", "fork"), "{err}");
                    assert!(err.to_string().contains("threads"), "{err}");
                }
            }
        }
    }
}

pub(crate) fn the_directory_follows(dir: &Path) {
    let there = || concurrent! { there => std::env::current_dir()? }.run().expect("it is fine").0;
    assert_eq!(there(), std::env::current_dir().expect("it is there"));
    for name in ["one", "two"] {
        let path = dir.join(name);
        std::fs::create_dir(&path).expect("it can be made");
        std::env::set_current_dir(&path).expect("it is there");
        assert_eq!(there(), path);
    }
    std::fs::remove_dir(dir.join("two")).expect("it is empty");
    assert_eq!(concurrent! { one => 1 }.run().expect("a directory that is gone is no harm"), (1,));
    std::env::set_current_dir("/").expect("it is there");
    assert_eq!(there(), Path::new("/"));
}

pub(crate) fn a_fork_of_the_caller_starts_anew(dir: &Path) {
    let (own_worker, own_server) = worker().expect("it is fine");
    // SAFETY: this process has a single thread.
    let child = unsafe { libc::fork() };
    assert!(child >= 0);
    if child == 0 {
        let (worker_there, server) = worker().expect("a fork can run blocks as well");
        assert!(worker_there != own_worker && server != own_server);
        let results = concurrent! { for number in 0..20_u32 => vec![number; 50_000] }.run();
        assert_eq!(results.expect("all are fine").len(), 20);
        mark(dir, "child");
        std::process::exit(0);
    }
    // Meanwhile the parent goes on with its own.
    for _round in 0..50 {
        assert_eq!(worker().expect("it is fine"), (own_worker, own_server));
    }
    let mut status = 0;
    // SAFETY: `status` is a valid place for the result.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0, "{status}");
    assert!(dir.join("child").exists());
    assert_eq!(worker().expect("it is fine"), (own_worker, own_server));
}

pub(crate) fn a_caller_that_ignores_the_end_of_children(_dir: &Path) {
    // SAFETY: sets a disposition without a handler.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
    for driver in [Driver::Process, Driver::Fork] {
        for _round in 0..3 {
            let (fine, dies) = concurrent! { fine => 1, dies => std::process::abort() }
                .driver(driver.clone())
                .settle()
                .run()
                .map(|(fine, dies): (_, Result<(), _>)| (fine, dies))
                .expect("a settled run does not fail");
            assert_eq!(fine.expect("it is fine"), 1);
            let err = dies.expect_err("it dies");
            assert_eq!(err.kind(), ErrorKind::Killed, "{err}");
            let err = concurrent! { slow => thread::sleep(Duration::from_secs(60)) }
                .driver(driver.clone())
                .timeout(Duration::from_millis(50))
                .run()
                .expect_err("it is too slow");
            assert_eq!(err.kind(), ErrorKind::TimedOut, "{err}");
        }
    }
}

pub(crate) fn a_caller_that_waits_for_every_child(_dir: &Path) {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::SeqCst) {
                // SAFETY: no status is asked for.
                unsafe { libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) };
                thread::yield_now();
            }
        });
        for _round in 0..5 {
            let (_, server) = worker().expect("it is fine");
            let _ = kill_process(pid(server), Signal::KILL);
            eventually(|| !is_alive(server));
        }
        over.store(true, Ordering::SeqCst);
    });
}

pub(crate) fn a_caller_that_blocks_signals(_dir: &Path) {
    // SAFETY: all bytes zero is a valid signal set.
    let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: the set is valid.
    unsafe { libc::sigfillset(&raw mut set) };
    // SAFETY: the set is initialized; the old mask is not asked for.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) };
    for driver in [Driver::Process, Driver::Fork] {
        let err = concurrent! { dies => std::process::abort() }
            .driver(driver)
            .run()
            .map(|((),)| ())
            .expect_err("it dies");
        assert_eq!(err.failures()[0].signal(), Some(libc::SIGABRT), "{err}");
    }
    // What a task starts can be ended as usual.
    let (ended,) = concurrent! {
        ended => Command::new("sh").args(["-c", "kill -TERM $$; echo survived"]).output()?.stdout
    }
    .run()
    .expect("it succeeds");
    assert_eq!(String::from_utf8_lossy(&ended), "");
}

pub(crate) fn a_caller_that_dropped_root(_dir: &Path) {
    const NOBODY: u32 = 65534;
    // SAFETY: a plain system call.
    if unsafe { libc::geteuid() } != 0 {
        println!("only root can give up being root");
        return;
    }
    let user = || concurrent! { user => user_and_groups() }.run().map(|(user,)| user);
    assert_eq!(user().expect("it is fine").0, 0);
    // SAFETY: plain system calls, in a process with one thread.
    let failed = unsafe { libc::setgroups(0, std::ptr::null()) };
    // SAFETY: as above.
    let failed = failed | unsafe { libc::setgid(NOBODY) };
    // SAFETY: as above.
    let failed = failed | unsafe { libc::setuid(NOBODY) };
    assert_eq!(failed, 0);
    assert_eq!(user().expect("workers can be had all the same"), (NOBODY, NOBODY, 0));
}

fn user_and_groups() -> (u32, u32, usize) {
    let groups = rustix::process::getgroups().map_or(99, |groups| groups.len());
    (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw(), groups)
}

pub(crate) fn a_caller_with_sixty_four_busy_threads(_dir: &Path) {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _thread in 0..64 {
            scope.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    let memory = std::hint::black_box(vec![1_u8; 10_000]);
                    let _out = std::io::stdout().lock();
                    drop(memory);
                }
            });
        }
        for _round in 0..5 {
            let (text, dies) = concurrent! {
                text => { println!("from the worker"); vec!["text".to_owned(); 100] },
                dies => std::process::abort(),
            }
            .settle()
            .run()
            .map(|(text, dies): (_, Result<(), _>)| (text, dies))
            .expect("a settled run does not fail");
            assert_eq!(text.expect("it is fine").len(), 100);
            assert_eq!(dies.expect_err("it dies").kind(), ErrorKind::Killed);
        }
        over.store(true, Ordering::SeqCst);
    });
}

pub(crate) fn the_thread_that_started_the_workers_ends(_dir: &Path) {
    let first = thread::spawn(worker).join().expect("it ends").expect("it is fine");
    assert!(is_alive(first.0) && is_alive(first.1));
    for _thread in 0..5 {
        let next = thread::spawn(worker).join().expect("it ends").expect("it is fine");
        assert_eq!(next, first);
    }
    assert_eq!(worker().expect("it is fine"), first);
}

pub(crate) fn a_task_can_start_this_program(dir: &Path) {
    let program = std::env::current_exe().expect("there is one");
    if std::env::args().any(|argument| argument == "inner") {
        assert_eq!(concurrent! { one => 1 }.run().expect("it is a program like any other"), (1,));
        mark(dir, "inner");
        return;
    }
    let (succeeded,) = concurrent! {
        starts => Command::new(program).arg("inner").status()?.success()
    }
    .run()
    .expect("it is fine");
    assert!(succeeded && dir.join("inner").exists());
}
