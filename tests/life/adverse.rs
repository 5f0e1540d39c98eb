//! Scenarios in which the caller, or a task, makes life hard.

use std::path::Path;
use std::thread;
use std::time::Duration;

use concur::{Driver, ErrorKind, TaskError, concurrent};
use rustix::process::{
    Resource, Rlimit, Signal, getpid, kill_process, set_parent_process_death_signal, setrlimit,
};

use crate::contract::{await_mark, eventually, is_alive, mark};
use crate::processes::pid;

/// The time that this process has had on processors.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Played with one worker, which several threads want while one run takes it again and again.
pub(crate) fn waiting_for_a_worker_burns_nothing(dir: &Path) {
    concurrent! { warm => 1 }.run().expect("it is fine");
    let before = processor_time();
    thread::scope(|scope| {
        scope.spawn(|| {
            let naps = concurrent! {
                for number in 0..40_u32 => {
                    mark(dir, &format!("nap-{number}"));
                    thread::sleep(Duration::from_millis(50));
                }
            };
            naps.run().expect("all succeed");
        });
        assert!(await_mark(dir, "nap-1"));
        for _ in 0..4 {
            scope.spawn(|| {
                assert_eq!(concurrent! { one => 1 }.run().expect("its turn comes"), (1,));
            });
        }
    });
    let burnt = processor_time().saturating_sub(before);
    assert!(burnt < Duration::from_millis(700), "waiting took {burnt:?} of processor time");
}

extern "C" fn nothing(_signal: libc::c_int) {}

pub(crate) fn a_caller_that_is_interrupted_all_the_time(_dir: &Path) {
    // SAFETY: all bytes zero is a valid `sigaction`: no flags (so calls are not restarted), no mask.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    let handler: extern "C" fn(libc::c_int) = nothing;
    action.sa_sigaction = handler as *const () as libc::sighandler_t;
    // SAFETY: the handler does nothing; the old action is not asked for.
    unsafe { libc::sigaction(libc::SIGALRM, &raw const action, std::ptr::null_mut()) };
    let often = libc::timeval { tv_sec: 0, tv_usec: 700 };
    let timer = libc::itimerval { it_interval: often, it_value: often };
    // SAFETY: the timer is initialized; the old one is not asked for.
    unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()) };
    for driver in [Driver::Process, Driver::Fork] {
        for round in 0..60_u32 {
            let large = vec![round; 50_000];
            let (length, back, dies) = concurrent! {
                length => large.len(),
                back => vec![round; 50_000],
                dies => if round % 5 == 0 { std::process::abort() },
            }
            .driver(driver.clone())
            .settle()
            .run()
            .expect("a settled run does not fail");
            assert_eq!(length.expect("it is fine"), 50_000);
            assert_eq!(back.expect("it is fine"), vec![round; 50_000]);
            assert_eq!(dies.is_err(), round % 5 == 0);
        }
        let err = concurrent! { slow => thread::sleep(Duration::from_secs(60)) }
            .driver(driver)
            .timeout(Duration::from_millis(50))
            .run()
            .expect_err("it is too slow");
        assert_eq!(err.kind(), ErrorKind::TimedOut, "{err}");
    }
}

pub(crate) fn a_caller_without_standard_descriptors(dir: &Path) {
    for descriptor in 0..3 {
        // SAFETY: nothing here uses the standard streams from now on.
        unsafe { libc::close(descriptor) };
    }
    for driver in [Driver::Process, Driver::Fork] {
        for _round in 0..5 {
            let (one, dies) = concurrent! {
                one => { println!("nowhere"); vec![1_u8; 100_000] },
                dies => std::process::abort(),
            }
            .driver(driver.clone())
            .settle()
            .run()
            .unwrap_or_else(|err| fail(dir, &err.to_string()));
            let dies: Result<(), TaskError> = dies;
            if one.is_err() || dies.is_ok() {
                fail(dir, &format!("{driver}: {one:?}"));
            }
        }
    }
}

/// Fails where nothing can be printed.
fn fail(dir: &Path, reason: &str) -> ! {
    std::fs::write(dir.join("stderr"), reason).expect("it can be written");
    std::process::exit(1)
}

pub(crate) fn a_fork_server_that_is_stopped(_dir: &Path) {
    let err = concurrent! {
        stops => {
            kill_process(pid(std::os::unix::process::parent_id()), Signal::STOP)?;
            thread::sleep(Duration::from_secs(600));
        },
    }
    .timeout(Duration::from_millis(200))
    .run()
    .expect_err("it never ends");
    assert_eq!(err.kind(), ErrorKind::TimedOut, "{err}");
    assert!(eventually(|| !is_alive(err.failures()[0].pid().expect("it ran"))));
    assert_eq!(concurrent! { next => 1 }.run().expect("another server is started"), (1,));
}

pub(crate) fn a_task_that_is_stopped(_dir: &Path) {
    for driver in [Driver::Process, Driver::Fork] {
        let err = concurrent! { stops => kill_process(getpid(), Signal::STOP)? }
            .driver(driver)
            .timeout(Duration::from_millis(200))
            .run()
            .expect_err("it never ends");
        assert_eq!(err.kind(), ErrorKind::TimedOut, "{err}");
        assert!(!is_alive(err.failures()[0].pid().expect("it ran")));
    }
}

pub(crate) fn a_task_that_closes_every_descriptor(_dir: &Path) {
    for driver in [Driver::Process, Driver::Fork] {
        for length in [1, 200_000_usize] {
            let result = concurrent! {
                closes => {
                    for descriptor in 3..200 {
                        // SAFETY: none: the task is meant to be a bad one.
                        unsafe { libc::close(descriptor) };
                    }
                    vec![1_u8; length]
                },
            }
            .driver(driver.clone())
            .run();
            // It spoils its own outcome at the most.
            if let Ok((bytes,)) = result {
                assert_eq!(bytes, vec![1_u8; length]);
            }
            let (next,) =
                concurrent! { next => 2 }.driver(driver.clone()).run().expect("it is fine");
            assert_eq!(next, 2);
        }
    }
}

pub(crate) fn a_task_that_changes_its_surroundings(dir: &Path) {
    let there = std::env::current_dir().expect("it is there");
    concurrent! {
        changes => {
            std::env::set_current_dir(dir)?;
            std::panic::set_hook(Box::new(|_| std::process::exit(5)));
        },
    }
    .limit(1)
    .run()
    .expect("it succeeds");
    let (found,) = concurrent! { found => std::env::current_dir()? }.run().expect("it is fine");
    assert_eq!(found, there);
    mark(dir, "done");
}

pub(crate) fn a_task_that_forks(_dir: &Path) {
    // A library may do so; its child has nothing to say in place of the task.
    for round in 0..10_u32 {
        let (found,) = concurrent! {
            forks => {
                // SAFETY: the child goes its own way, and ends with the worker at the latest.
                let is_child = unsafe { libc::fork() } == 0;
                if is_child {
                    thread::sleep(Duration::from_millis(20));
                }
                (round, is_child)
            },
        }
        .run()
        .expect("it succeeds");
        assert_eq!(found, (round, false), "the child answered");
        thread::sleep(Duration::from_millis(30));
        let (next,) = concurrent! { next => round + 100 }.run().expect("it is fine");
        assert_eq!(next, round + 100);
    }
}

/// The kernel would kill it for a file that is longer, one in memory too.
pub(crate) fn a_caller_whose_files_may_not_be_long(_dir: &Path) {
    let limit = Some(1 << 20);
    setrlimit(Resource::Fsize, Rlimit { current: limit, maximum: limit }).expect("it can be set");
    let large = vec![7_u8; 4 << 20];
    let length = || concurrent! { length => large.len() };
    for err in [
        length().run().map(drop).expect_err("there is no room for it"),
        length().defer().map(drop).expect_err("there is no room for it"),
    ] {
        let text = err.to_string();
        assert!(text.contains("length") && text.contains("RLIMIT_FSIZE"), "{text}");
    }
    let (sum,) = concurrent! { sum => (1..=10).sum::<u32>() }.run().expect("it needs little");
    assert_eq!(sum, 55);
    let none = Some(1024);
    setrlimit(Resource::Fsize, Rlimit { current: none, maximum: limit }).expect("it can be set");
    let err = concurrent! { one => 1, two => 2 }.isolated().run().map(drop);
    let err = err.expect_err("there is no room for another worker");
    assert_eq!(err.kind(), ErrorKind::Start);
    assert!(err.to_string().contains("RLIMIT_FSIZE"), "{err}");
}

/// What it ends is its own process' work, and no other task's.
pub(crate) fn a_task_that_shuts_down(_dir: &Path) {
    let (ended,) = concurrent! {
        ended => {
            let inner = concurrent! { inner => 1 }.run()?;
            concur::shutdown(Duration::from_secs(10))?;
            let refused = concurrent! { inner => 2 }.run().is_err();
            (inner.0, refused)
        },
    }
    .run()
    .expect("it ends well");
    assert_eq!(ended, (1, true));
    for n in 0..3_u32 {
        let nested = concurrent! { outer => concurrent! { inner => n + 1 }.run()?.0 }.run();
        assert_eq!(nested.expect("its worker is another one"), (n + 1,));
    }
}

/// What it would have killed, the caller kills.
pub(crate) fn a_fork_server_that_is_killed(dir: &Path) {
    let there = dir.to_owned();
    let tasks = concurrent! {
        holds => {
            let child = std::process::Command::new("sleep").arg("300").spawn()?;
            std::fs::write(there.join("child"), child.id().to_string())?;
            let server = std::os::unix::process::parent_id();
            kill_process(pid(server), Signal::KILL)?;
            thread::sleep(Duration::from_secs(50));
        },
    };
    let err = tasks.run().map(drop).expect_err("its server is killed");
    assert_eq!(err.kind(), ErrorKind::Killed, "{err}");
    let child = std::fs::read_to_string(dir.join("child")).expect("it was written");
    let child: u32 = child.parse().expect("it is a number");
    assert!(eventually(|| !is_alive(child)), "{child} is left");
    assert_eq!(concurrent! { next => 1 }.run().expect("another server is started"), (1,));
}

/// A worker that does not go with its server is ended all the same.
pub(crate) fn a_worker_that_would_outlive_its_server(dir: &Path) {
    let there = dir.to_owned();
    let tasks = concurrent! {
        stays => {
            set_parent_process_death_signal(None)?;
            std::fs::write(there.join("worker"), std::process::id().to_string())?;
            let server = std::os::unix::process::parent_id();
            kill_process(pid(server), Signal::KILL)?;
            loop { thread::sleep(Duration::from_secs(50)) }
        },
    };
    let err = tasks.timeout(Duration::from_millis(500)).run().map(drop);
    let err = err.expect_err("it is out of time");
    assert_eq!(err.kind(), ErrorKind::TimedOut, "{err}");
    let worker = std::fs::read_to_string(dir.join("worker")).expect("it was written");
    let worker: u32 = worker.parse().expect("it is a number");
    assert!(eventually(|| !is_alive(worker)), "{worker} is left");
}
