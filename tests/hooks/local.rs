//! What workers make for themselves: how often, for whom, and when it is dropped.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use concur::{Driver, ErrorKind, WorkerLocal, concurrent};

use crate::contract::{await_mark, eventually, is_alive, mark};
use crate::played::{MAKER, NOBODY, log, logged, pids};
use crate::scenario::{self, Named, scenario};

/// The scenarios of this file that are watched from outside.
pub(crate) const SCENARIOS: &[Named] = &[
    ("ends_with_a_value", ends_with_a_value),
    ("is_killed", is_killed),
    ("ends_hanging", ends_hanging),
];

/// Leaves a mark when it is made and when it is dropped, and is neither `Send` nor `Sync`.
struct Logs {
    uses: Rc<Cell<u32>>,
    dir: PathBuf,
}

impl Logs {
    fn made() -> Self {
        let (_, dir) = scenario::asked().expect("it is a scenario");
        log(&dir, "made");
        Self { uses: Rc::default(), dir }
    }

    fn used(&mut self) -> (u32, u32) {
        self.uses.set(self.uses.get() + 1);
        (std::process::id(), self.uses.get())
    }
}

impl Drop for Logs {
    fn drop(&mut self) {
        log(&self.dir, "dropped");
    }
}

/// Takes a moment to drop, in which its worker must not be ended.
struct Lingers(Logs);

impl Drop for Lingers {
    fn drop(&mut self) {
        std::thread::sleep(Duration::from_millis(20));
        log(&self.0.dir, "lingered");
    }
}

static LINGERS: WorkerLocal<Lingers> = WorkerLocal::new(|| Lingers(Logs::made()));

static LOGS: WorkerLocal<Logs> = WorkerLocal::new(Logs::made);

struct Panics;

impl Drop for Panics {
    fn drop(&mut self) {
        panic!("a drop that panics");
    }
}

static PANICS: WorkerLocal<Panics> = WorkerLocal::new(|| Panics);

struct Hangs(PathBuf);

impl Drop for Hangs {
    fn drop(&mut self) {
        log(&self.0, "hanging");
        loop {
            std::thread::sleep(Duration::from_secs(1000));
        }
    }
}

static HANGS: WorkerLocal<Hangs> =
    WorkerLocal::new(|| Hangs(scenario::asked().expect("it is a scenario").1));

pub(crate) fn a_value_is_made_once_in_each_worker(dir: &Path) {
    let seen = concurrent! { for _ in 0..40 => LOGS.with(Logs::used) }.run().expect("all succeed");
    let workers: BTreeSet<u32> = seen.iter().map(|(pid, _)| *pid).collect();
    assert_eq!(pids(dir, "made"), workers);
    assert_eq!(logged(dir, "made").len(), workers.len(), "once in each");
    // Each worker counts its own uses.
    for worker in &workers {
        let uses = seen.iter().filter(|(pid, _)| pid == worker);
        let uses: BTreeSet<u32> = uses.map(|(_, uses)| *uses).collect();
        assert_eq!(uses.len(), usize::try_from(*uses.last().expect("some")).expect("few"));
    }
    assert_eq!(logged(dir, "dropped"), NOBODY);
    // A panic while it is lent leaves it where it was.
    let panics = concurrent! { panics => LOGS.with(|_| assert_eq!(1, 2, "lent")) }.run();
    assert_eq!(panics.expect_err("it panics").kind(), ErrorKind::Panicked);
    let (one,) = concurrent! { one => LOGS.with(Logs::used) }.run().expect("it is there");
    assert!(one.1 > 1 && logged(dir, "made").len() <= 2, "{one:?}");
}

pub(crate) fn a_value_is_dropped_when_its_worker_is_replaced(dir: &Path) {
    let seen = concurrent! { for _ in 0..8 => LOGS.with(Logs::used).1 }.run().expect("all succeed");
    assert_eq!(seen.iter().sum::<u32>(), 4 * 3, "two tasks for each: {seen:?}");
    assert!(eventually(|| pids(dir, "dropped").len() == 4), "{:?}", logged(dir, "dropped"));
    assert_eq!(pids(dir, "dropped"), pids(dir, "made"));
    assert_eq!(logged(dir, "dropped").len(), 4, "each once");
}

pub(crate) fn forks_make_and_drop_their_own(dir: &Path) {
    // One of the program's own, which forks find and leave alone.
    let here = LOGS.with(Logs::used);
    for _ in 0..2 {
        let (a, b) = concurrent! { a => LOGS.with(Logs::used), b => LOGS.with(Logs::used) }
            .driver(Driver::Fork)
            .run()
            .expect("both succeed");
        assert!(a.0 != b.0 && a.0 != here.0 && (a.1, b.1) == (1, 1));
        // They are gone when the results are there.
        assert!(pids(dir, "dropped").contains(&a.0) && pids(dir, "dropped").contains(&b.0));
    }
    assert_eq!((logged(dir, "made").len(), logged(dir, "dropped").len()), (5, 4));
    assert_eq!(LOGS.with(Logs::used), (here.0, 2));
    assert!(!pids(dir, "dropped").contains(&here.0));
}

pub(crate) fn threads_make_their_own(_dir: &Path) {
    for driver in [Driver::Sync, Driver::Thread] {
        let seen = concurrent! { for _ in 0..8 => {
            (format!("{:?}", std::thread::current().id()), LOGS.with(Logs::used).1)
        } };
        let seen = seen.driver(driver).limit(1).run().expect("all succeed");
        // Each thread counts its own uses.
        for (thread, _) in &seen {
            let uses = seen.iter().filter(|(other, _)| other == thread).map(|(_, uses)| *uses);
            assert!(uses.zip(1..).all(|(uses, expected)| uses == expected), "{seen:?}");
        }
    }
}

pub(crate) fn what_preload_made_is_not_shared(_dir: &Path) {
    let seen = concurrent! { for _ in 0..6 => MAKER.with(|maker| (*maker, std::process::id())) };
    for (maker, worker) in seen.run().expect("all succeed") {
        assert_eq!(maker, worker);
    }
}

pub(crate) fn what_a_start_hook_made_is_there(_dir: &Path) {
    let (seen,) = concurrent! { seen => MAKER.with(|maker| (*maker, std::process::id())) }
        .run()
        .expect("it runs");
    assert_eq!(seen.0, seen.1);
}

pub(crate) fn a_drop_that_panics_harms_no_other(dir: &Path) {
    for _ in 0..3 {
        let (used,) = concurrent! { used => {
            LOGS.with(|_| ());
            PANICS.with(|_| ());
        } }
        .run()
        .expect("it succeeds");
        assert_eq!(used, ());
    }
    assert!(eventually(|| logged(dir, "dropped").len() == 3), "{:?}", logged(dir, "dropped"));
}

pub(crate) fn a_drop_that_hangs_delays_nobody(dir: &Path) {
    for _ in 0..4 {
        let (used,) = concurrent! { used => HANGS.with(|_| true) }.run().expect("it succeeds");
        assert!(used, "its worker is not waited for");
    }
    assert!(eventually(|| pids(dir, "hanging").len() == 4));
    // Each is ended after a while.
    assert!(eventually(|| pids(dir, "hanging").iter().all(|pid| !is_alive(*pid))));
}

pub(crate) fn a_child_that_a_task_forked_drops_nothing(dir: &Path) {
    let (left,) = concurrent! { left => {
        LOGS.with(|_| ());
        // SAFETY: a worker has one thread; the child ends at once.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: runs the destructors of this thread, which is what this is about.
            unsafe { libc::exit(0) };
        }
        let mut status = 0;
        // SAFETY: `status` is a valid place for the result.
        unsafe { libc::waitpid(child, &raw mut status, 0) };
        status
    } }
    .run()
    .expect("it succeeds");
    assert_eq!((left, logged(dir, "dropped")), (0, vec![]));
}

fn ends_with_a_value(_dir: &Path) {
    let (used,) = concurrent! { used => LOGS.with(|_| true) }.run().expect("it succeeds");
    assert!(used);
}

pub(crate) fn values_are_dropped_when_the_caller_ends() {
    let ended = scenario("ends_with_a_value").succeeds();
    let dir = ended.marks.dir();
    assert!(eventually(|| !logged(&dir, "dropped").is_empty()), "nothing was dropped");
    assert_eq!(logged(&dir, "dropped"), logged(&dir, "made"));
}

fn is_killed(dir: &Path) {
    let (used,) = concurrent! { used => LINGERS.with(|_| true) }.run().expect("it succeeds");
    assert!(used);
    mark(dir, "used");
    loop {
        std::thread::park();
    }
}

pub(crate) fn values_are_dropped_when_the_caller_is_killed() {
    // A machine that is busy elsewhere may use up the time for it, but not again and again.
    let dropped = (0..10).any(|_| {
        let mut playing = scenario("is_killed").start();
        let dir = playing.marks.dir();
        assert!(await_mark(&dir, "used"));
        playing.child.kill().expect("it is there");
        assert!(eventually(|| !is_alive(logged(&dir, "made")[0])));
        !logged(&dir, "lingered").is_empty() && !logged(&dir, "dropped").is_empty()
    });
    assert!(dropped, "nothing was dropped");
}

fn ends_hanging(_dir: &Path) {
    let (used,) = concurrent! { used => HANGS.with(|_| true) }.run().expect("it succeeds");
    assert!(used);
}

pub(crate) fn a_drop_that_hangs_outlives_no_caller() {
    let ended = scenario("ends_hanging").succeeds();
    let dir = ended.marks.dir();
    assert!(eventually(|| !logged(&dir, "hanging").is_empty()), "it is to be dropped");
    assert!(eventually(|| !is_alive(logged(&dir, "hanging")[0])), "it outlives its caller");
}
