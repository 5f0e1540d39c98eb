//! What must not pile up: descriptors, zombies, mappings.

use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::parent_id;
use std::path::Path;
use std::time::{Duration, Instant};

use concur::{Config, Driver, ErrorKind, concurrent};
use rustix::process::{Resource, Rlimit, setrlimit};

use crate::contract::eventually;
use crate::processes::{children, descriptors, mappings, zombies};

/// Warms everything up: as many workers as there will be, every size.
fn warm_up(driver: &Driver) {
    for _round in 0..20 {
        mixed(driver, 0);
    }
    crash(driver);
}

/// So many workers the callers here have.
const WORKERS: usize = 3;

/// Makes sure that there are as many workers as there may be.
fn fill() {
    let both = concurrent! {
        for _ in 0..WORKERS => { std::thread::sleep(Duration::from_millis(50)); }
    };
    both.run().expect("all succeed");
}

/// A run with small, large and failing tasks.
fn mixed(driver: &Driver, round: u32) {
    let bytes = vec![1_u8; 100_000];
    let (small, large, fails) = concurrent! {
        small => round,
        large => bytes,
        fails => "x".parse::<u8>()?,
    }
    .driver(driver.clone())
    .settle()
    .run()
    .expect("a settled run does not fail");
    assert_eq!((small.expect("it is fine"), large.expect("it is fine").len()), (round, 100_000));
    assert!(fails.is_err());
}

fn crash(driver: &Driver) {
    let err = concurrent! { dies => std::process::abort() }
        .driver(driver.clone())
        .run()
        .map(|((),)| ())
        .expect_err("it dies");
    assert_eq!(err.kind(), ErrorKind::Killed);
}

fn server() -> u32 {
    concurrent! { server => parent_id() }.run().expect("it is fine").0
}

pub(crate) fn a_thousand_runs_and_a_hundred_crashes_leave_nothing(_dir: &Path) {
    Config::new().workers(WORKERS).install().expect("it is allowed");
    let driver = Driver::Process;
    warm_up(&driver);
    fill();
    let (own, server_pid) = (std::process::id(), server());
    let before = (descriptors(own), descriptors(server_pid).len(), mappings(own));
    for round in 0..1000 {
        mixed(&driver, round);
        if round % 10 == 0 {
            crash(&driver);
        }
    }
    fill();
    assert_eq!(server(), server_pid, "the server was changed");
    // A worker that was replaced just now may still be on its way.
    let settled = || descriptors(own).len() <= before.0.len();
    assert!(eventually(settled), "{:#?}\nbefore: {:#?}", descriptors(own), before.0);
    assert!(
        eventually(|| descriptors(server_pid).len() <= before.1),
        "{:?}",
        descriptors(server_pid)
    );
    assert!(mappings(own) <= before.2 + 20, "{} mappings, {} before", mappings(own), before.2);
    assert!(eventually(|| zombies(own).is_empty() && zombies(server_pid).is_empty()));
    assert_eq!(children(own), [server_pid]);
    assert!(eventually(|| children(server_pid).len() <= WORKERS), "{:?}", children(server_pid));
}

pub(crate) fn forks_leave_nothing(_dir: &Path) {
    Config::new().workers(WORKERS).install().expect("it is allowed");
    let driver = Driver::Fork;
    warm_up(&driver);
    let own = std::process::id();
    let before = (descriptors(own), mappings(own));
    for round in 0..200 {
        mixed(&driver, round);
        if round % 10 == 0 {
            crash(&driver);
        }
    }
    assert_eq!(descriptors(own), before.0);
    assert!(mappings(own) <= before.1 + 20, "{} mappings, {} before", mappings(own), before.1);
    assert_eq!(children(own), [0; 0]);
}

pub(crate) fn awaited_and_dropped_runs_leave_nothing(_dir: &Path) {
    Config::new().workers(WORKERS).install().expect("it is allowed");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("it can be built");
    let own = std::process::id();
    let rounds = |count: u32| {
        runtime.block_on(async {
            for round in 0..count {
                let result = concurrent! { one => round, large => vec![1_u8; 100_000] }.await;
                assert_eq!(result.expect("both succeed").0, round);
                let slow = concurrent! { slow => std::thread::sleep(Duration::from_secs(60)) };
                let limit = Duration::from_millis(u64::from(round % 4));
                assert!(tokio::time::timeout(limit, slow.into_future()).await.is_err());
            }
        });
    };
    rounds(20);
    fill();
    let before = (descriptors(own), mappings(own));
    rounds(150);
    rounds(1);
    let settled = || {
        // A run takes notice of what has ended.
        fill();
        descriptors(own).len() <= before.0.len()
    };
    assert!(eventually(settled), "{:#?}\nbefore: {:#?}", descriptors(own), before.0);
    assert!(mappings(own) <= before.1 + 20, "{} mappings, {} before", mappings(own), before.1);
    let server_pid = server();
    assert!(eventually(|| zombies(server_pid).is_empty() && children(server_pid).len() <= WORKERS));
}

pub(crate) fn workers_hold_no_descriptor_of_the_caller(dir: &Path) {
    // As C libraries open them: not closed on exec.
    let file = std::fs::File::create(dir.join("secret")).expect("it can be made");
    let file = OwnedFd::from(file);
    let (reader, writer) = rustix::pipe::pipe().expect("there is room");
    for descriptor in [&file, &reader, &writer] {
        rustix::io::fcntl_setfd(descriptor, rustix::io::FdFlags::empty()).expect("it is open");
    }
    let pipe =
        std::fs::read_link(format!("/proc/self/fd/{}", reader.as_raw_fd())).expect("it is open");
    let pipe = pipe.to_string_lossy().into_owned();
    for driver in [Driver::Process, Driver::Process] {
        let (there, server) = concurrent! {
            there => descriptors(std::process::id()),
            server => parent_id(),
        }
        .driver(driver)
        .run()
        .expect("both are fine");
        let is_ours = |name: &String| *name == pipe || name.ends_with("/secret");
        assert!(!there.iter().any(is_ours), "the worker holds {there:?}");
        let there = descriptors(server);
        assert!(!there.iter().any(is_ours), "the server holds {there:?}");
    }
    // So the end of a pipe is the end, workers or not.
    drop(writer);
    rustix::io::ioctl_fionbio(&reader, true).expect("it is open");
    assert_eq!(rustix::io::read(&reader, &mut [0; 8]), Ok(0), "somebody holds the other end");
}

pub(crate) fn without_descriptors_runs_fail_soon(_dir: &Path) {
    Config::new().workers(4).install().expect("it is allowed");
    // Once without any, and once when workers are there already.
    for warm in [false, true] {
        if warm {
            warm_up(&Driver::Process);
        }
        for spare in [0, 1, 2, 3, 5, 8] {
            let next = std::fs::File::open("/dev/null").expect("it is there").as_raw_fd();
            let before = limit_descriptors(u64::from(next.unsigned_abs()) + spare);
            let start = Instant::now();
            let result = concurrent! {
                for number in 0..4_u32 => {
                    if number == 3 { std::process::abort(); }
                    (number, vec![1_u8; 200_000])
                }
            }
            .settle()
            .run();
            limit_descriptors(before);
            for (number, one) in (0..).zip(result.expect("a settled run does not fail")) {
                match one {
                    Ok((found, bytes)) => assert_eq!((found, bytes.len()), (number, 200_000)),
                    Err(err) => assert!(!err.to_string().is_empty()),
                }
            }
            assert!(start.elapsed() < Duration::from_secs(10), "that took {:?}", start.elapsed());
            let after = concurrent! { for number in 0..8_u32 => number }.run();
            assert_eq!(after.expect("there are descriptors again").len(), 8, "after {spare}");
        }
    }
}

/// Sets the soft limit of descriptors; the one before.
pub(crate) fn limit_descriptors(count: u64) -> u64 {
    let before = rustix::process::getrlimit(Resource::Nofile);
    let limit = Rlimit { current: Some(count), maximum: before.maximum };
    setrlimit(Resource::Nofile, limit).expect("it is allowed");
    before.current.unwrap_or(1024)
}

pub(crate) fn large_values_are_freed(_dir: &Path) {
    const LARGE: usize = 40 << 20;
    Config::new().workers(1).install().expect("it is allowed");
    for _round in 0..10 {
        let bytes = vec![1_u8; LARGE];
        let (back,) = concurrent! { back => bytes }.run().expect("it is fine");
        assert_eq!(back.len(), LARGE);
    }
    let (worker,) = concurrent! { worker => std::process::id() }.run().expect("it is fine");
    for pid in [std::process::id(), worker] {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it is there");
        let line = status.lines().find(|line| line.starts_with("RssShmem:")).expect("it is told");
        let shared: usize =
            line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number");
        assert!(shared < 20 << 10, "{pid} still has {shared} KiB of shared memory");
    }
}
