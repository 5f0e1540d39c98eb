//! `idle_timeout`.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use concur::{Driver, concurrent};

use crate::contract::{eventually, is_alive};
use crate::processes::{children, descriptors};
use crate::workers::together;

/// The workers of three tasks at once, and their fork server.
fn three(dir: &Path, round: u32) -> (Vec<u32>, u32) {
    let dir = dir.join(format!("{round}"));
    std::fs::create_dir(&dir).expect("there is room");
    together(&Driver::Process, 3, &dir);
    let (server,) =
        concurrent! { server => std::os::unix::process::parent_id() }.run().expect("it is fine");
    (children(server), server)
}

pub(crate) fn idle_workers_leave(dir: &Path) {
    let one = || concurrent! { one => 1 }.run().expect("it gets a worker");
    one();
    let open = || {
        let mut open = descriptors(std::process::id());
        open.retain(|name| name.starts_with("socket:"));
        open
    };
    let before = open();
    for round in 0..4 {
        let (workers, server) = three(dir, round);
        assert!(eventually(|| workers.iter().all(|worker| !is_alive(*worker))), "they stay");
        assert!(is_alive(server), "the fork server stays");
        // The next runs take notice of those who left: nothing of them is kept.
        let settled = || {
            one();
            open().len() <= before.len()
        };
        assert!(eventually(settled), "{:?}, and before {before:?}", open());
    }
}

pub(crate) fn workers_forked_ahead_leave(_dir: &Path) {
    for _round in 0..3 {
        let isolated = concurrent! { for _ in 0..6 => std::os::unix::process::parent_id() };
        let server = isolated.isolated().run().expect("all are fine")[0];
        assert!(eventually(|| children(server).is_empty()), "{:?}", children(server));
    }
}

pub(crate) fn idle_threads_leave(dir: &Path) {
    together(&Driver::Thread, 2, dir);
    let threads = || std::fs::read_dir("/proc/self/task").expect("it is there").count();
    assert!(eventually(|| threads() == 1), "{} threads", threads());
    assert_eq!(concurrent! { one => 1 }.driver(Driver::Thread).run().expect("it is fine"), (1,));
}

pub(crate) fn leaving_workers_lose_no_task(_dir: &Path) {
    // Pauses around the time after which workers leave, so that tasks meet them while they do.
    let mut workers = HashSet::new();
    for round in 0..600_u64 {
        let large = vec![round; if round % 7 == 0 { 20_000 } else { 3 }];
        let (sum, worker, back) = concurrent! {
            sum => large.iter().sum::<u64>(),
            worker => std::process::id(),
            back => large,
        }
        .run()
        .expect("no task is lost");
        assert_eq!((sum, back.len()), (round * large.len() as u64, large.len()));
        workers.insert(worker);
        std::thread::sleep(Duration::from_micros(600 + round * 31 % 1000));
    }
    assert!(workers.len() > 1, "none has left");
    // Those that were forked ahead leave as well, and are no failed starts.
    for round in 0..200_u64 {
        let (found,) = concurrent! { found => round }.isolated().run().expect("no task is lost");
        assert_eq!(found, round);
        std::thread::sleep(Duration::from_micros(600 + round * 31 % 1000));
    }
}

pub(crate) fn workers_that_are_kept_stay(_dir: &Path) {
    let (first,) = concurrent! { worker => std::process::id() }.run().expect("it is fine");
    std::thread::sleep(Duration::from_millis(150));
    let (second,) = concurrent! { worker => std::process::id() }.run().expect("it is fine");
    assert_eq!(first, second);
}
