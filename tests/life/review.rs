//! Scenarios that a review of the runtime asked for: each has hung, failed or piled up once.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use concur::{Config, Driver, Error, concurrent};
use rustix::process::{Signal, kill_process};

use crate::contract::{await_mark, eventually, is_alive, mark};
use crate::leaks::limit_descriptors;
use crate::processes::{children, pid, zombies};

/// Played with one worker, which the first block must not keep for a level that it is not on.
pub(crate) fn a_block_inside_sync_leaves_room_for_nested_ones(_dir: &Path) {
    for round in 0..3_u32 {
        let (inside,) = concurrent! {
            outer => {
                let tasks = concurrent! { inner => round + 1 };
                tasks.driver(Driver::Process).run()?.0
            },
        }
        .driver(Driver::Sync)
        .run()
        .expect("it succeeds");
        assert_eq!(inside, round + 1);
        let (nested,) = concurrent! {
            outer => { let (inner,) = concurrent! { inner => round + 2 }.run()?; inner },
        }
        .driver(Driver::Process)
        .run()
        .expect("it succeeds");
        assert_eq!(nested, round + 2);
    }
}

/// So many times a single task wants its turn beside two hundred others.
const TURNS: u32 = 10;

/// Played with one worker.
pub(crate) fn a_long_run_lets_another_one_in(dir: &Path) {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let naps = concurrent! {
                for number in 0..200_u32 => {
                    mark(dir, &format!("nap-{number}"));
                    thread::sleep(Duration::from_millis(5));
                }
            };
            naps.run().expect("all succeed");
            over.store(true, Ordering::SeqCst);
        });
        assert!(await_mark(dir, "nap-1"));
        let last = dir.join("nap-199");
        let naps = || (0..200).filter(|number| dir.join(format!("nap-{number}")).exists()).count();
        // Once might be luck, and again at once is no wait.
        for turn in 0..TURNS {
            let before = naps();
            assert!(eventually(|| naps() > before || last.exists()));
            let (was_last,) = concurrent! { one => last.exists() }.run().expect("its turn comes");
            assert!(!was_last, "turn {turn} came when the others had ended");
        }
        // Else this check checks nothing.
        assert!(eventually(|| over.load(Ordering::SeqCst)), "the others did not end");
    });
}

pub(crate) fn a_worker_that_died_idle_is_no_harm_to_a_large_argument(_dir: &Path) {
    for round in 0..10_u8 {
        let (worker,) = concurrent! { worker => std::process::id() }.run().expect("it is fine");
        kill_process(pid(worker), Signal::KILL).expect("it is there");
        // Once it is gone, and once while it may be going.
        if round % 2 == 0 {
            assert!(eventually(|| !is_alive(worker)));
        }
        let large = vec![round; 1 << 20];
        let (found, after) = concurrent! {
            found => (large.len(), large.iter().all(|byte| *byte == round)),
            after => std::process::id(),
        }
        .limit(1)
        .run()
        .expect("another worker takes it");
        assert_eq!(found, (1 << 20, true));
        assert_ne!(after, worker);
    }
}

/// Every process below one.
fn descendants(pid: u32) -> Vec<u32> {
    let mut found = children(pid);
    let mut next = 0;
    while let Some(one) = found.get(next) {
        found.extend(children(*one));
        next += 1;
    }
    found
}

/// Played with one worker, which adopts what its tasks leave behind.
pub(crate) fn adopted_zombies_do_not_pile_up(_dir: &Path) {
    let leave_one = || {
        let tasks = concurrent! {
            leaves => std::process::Command::new("sh").args(["-c", "true &"]).status()?.success(),
        };
        assert!(tasks.run().expect("it succeeds").0);
    };
    for _round in 0..20 {
        leave_one();
    }
    let own = std::process::id();
    let left = || {
        let all = descendants(own);
        all.into_iter().chain([own]).map(|pid| zombies(pid).len()).sum::<usize>()
    };
    // What was left last may be noticed with the next task only.
    let few = || {
        leave_one();
        left() <= 2
    };
    assert!(eventually(few), "{} zombies are left", left());
}

/// Goes down to depth zero, a block inside a task of a block for each step.
fn descend(depth: u32) -> Result<u32, Error> {
    if depth == 0 {
        return Ok(0);
    }
    let (below,) = concurrent! { next => descend(depth - 1)? }.driver(Driver::Process).run()?;
    Ok(below + 1)
}

pub(crate) fn an_installed_nested_limit_is_kept_in_workers(_dir: &Path) {
    Config::new().nested_limit(6).install().expect("it is allowed");
    assert_eq!(descend(5).expect("five are allowed"), 5);
    assert_eq!(descend(6).expect("six are allowed"), 6);
    let err = descend(7).expect_err("seven are too deep");
    assert!(err.to_string().contains("the limit is 6"), "{err}");
}

pub(crate) fn threads_need_no_descriptor(_dir: &Path) {
    let nap = || {
        concurrent! { nap => { thread::sleep(Duration::from_millis(200)); 7_u8 } }
            .driver(Driver::Thread)
            .run()
    };
    let next = File::open("/dev/null").expect("it is there").as_raw_fd();
    let before = limit_descriptors(u64::from(next.unsigned_abs()));
    assert!(File::open("/dev/null").is_err(), "there is a descriptor left");
    let results = (nap(), nap());
    limit_descriptors(before);
    assert_eq!(results.0.expect("it needs none"), (7,));
    assert_eq!(results.1.expect("it needs none"), (7,));
}

/// Two tasks on each of so many levels; the most processes that one of the tasks has seen.
fn fork_two(levels: u32, program: u32) -> Result<usize, Error> {
    let seen = concurrent! {
        for _ in 0..2_u8 => {
            if levels > 1 {
                fork_two(levels - 1, program)?
            } else {
                // Until all are there that there may ever be.
                let count = || descendants(program).into_iter().filter(|pid| is_alive(*pid)).count();
                let looks = (0..100).map(|_| {
                    thread::sleep(Duration::from_millis(2));
                    count()
                });
                looks.max().unwrap_or(0)
            }
        }
    };
    Ok(seen.driver(Driver::Fork).run()?.into_iter().max().unwrap_or(0))
}

/// Played with two workers; the limit holds for forks as well, or there would be fourteen.
pub(crate) fn nested_forks_do_not_multiply(_dir: &Path) {
    let most = fork_two(3, std::process::id()).expect("all succeed");
    // One path down to a task is three; the program itself is not among them.
    assert!((3..=8).contains(&most), "there were {most} processes");
}
