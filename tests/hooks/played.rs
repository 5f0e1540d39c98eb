//! The hooks of this program, and what the environment may tell them to do.

use std::collections::BTreeSet;
use std::error::Error;
use std::future::{Future, IntoFuture};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use concur::{Driver, ErrorKind, WorkerLocal, concurrent};

use crate::contract::{await_mark, mark};
use crate::scenario;

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// What `load` has loaded, and in which process.
pub(crate) static LOADED: OnceLock<(u32, Vec<u64>)> = OnceLock::new();
/// How often `begin` ran in this process or in those it was forked from.
pub(crate) static BEGUN: AtomicU32 = AtomicU32::new(0);
/// The process that made it.
pub(crate) static MAKER: WorkerLocal<u32> = WorkerLocal::new(std::process::id);

/// The line of `load`, which its message must name.
pub(crate) const LOAD_LINE: u32 = line!() + 3;

#[concur::preload]
fn load() -> Outcome {
    let Some(dir) = dir() else { return Ok(()) };
    log(&dir, "preload");
    let _ = LOADED.set((std::process::id(), (0..1000).collect()));
    play(&std::env::var("PRELOAD").unwrap_or_default(), &dir, "preload")
}

/// The line of `begin`.
pub(crate) const BEGIN_LINE: u32 = line!() + 3;

#[concur::on_worker_start]
fn begin() -> Outcome {
    let Some(dir) = dir() else { return Ok(()) };
    log(&dir, "start");
    BEGUN.fetch_add(1, Ordering::SeqCst);
    play(&std::env::var("START").unwrap_or_default(), &dir, "start")
}

/// Another hook of each kind, one of them for both.
#[concur::preload]
#[concur::on_worker_start]
fn both() {
    if let Some(dir) = dir() {
        log(&dir, "both");
    }
}

/// Where an `impl` has hooks, however generic it is.
struct Shelf<T>(std::marker::PhantomData<T>);

impl<T> Shelf<T> {
    #[concur::preload]
    #[concur::on_worker_start]
    fn fill() {
        if let Some(dir) = dir() {
            log(&dir, "impl");
        }
    }
}

fn dir() -> Option<PathBuf> {
    scenario::asked().map(|(_, dir)| dir)
}

/// Leaves the pid of whoever ran a hook.
pub(crate) fn log(dir: &Path, name: &str) {
    let mut log = std::fs::OpenOptions::new();
    let log = log.append(true).create(true).open(dir.join(format!("{name}.log")));
    let line = format!("{}\n", std::process::id());
    log.and_then(|mut log| log.write_all(line.as_bytes())).expect("it can be written");
}

/// What is logged of what nobody has done.
pub(crate) const NOBODY: [u32; 0] = [];

/// Who ran a hook, once for each time.
pub(crate) fn logged(dir: &Path, name: &str) -> Vec<u32> {
    let text = std::fs::read_to_string(dir.join(format!("{name}.log"))).unwrap_or_default();
    // Whoever was killed while it wrote has left half a line at the most.
    text.lines().filter_map(|line| line.parse().ok()).collect()
}

/// Who ran a hook.
pub(crate) fn pids(dir: &Path, name: &str) -> BTreeSet<u32> {
    logged(dir, name).into_iter().collect()
}

fn play(part: &str, dir: &Path, stage: &str) -> Outcome {
    match part {
        "fails" => fail("the shelf is empty")?,
        "panics" => panic!("the shelf fell"),
        "exits" => std::process::exit(3),
        "aborts" => std::process::abort(),
        "overflows" => {
            overflow(0);
        }
        "hangs" => hang(dir),
        "fails_at_first" if logged(dir, stage).len() == 1 => fail("not yet")?,
        "fails_later" if dir.join("late").exists() => fail("too late")?,
        "fails_below" if dir.join("below").exists() => fail("too deep")?,
        "hangs_below" if dir.join("below").exists() => hang(dir),
        "threads" | "threads_then_fails" => leave_threads(part, dir)?,
        "joins" => (0..200).for_each(|_| std::thread::spawn(|| ()).join().expect("it ends")),
        "slow" => std::thread::sleep(Duration::from_millis(300)),
        "waits" => assert!(await_mark(dir, "go")),
        "starts" => start_sleeper(dir),
        "prints" => print!("[{stage}]"),
        "panic_hook" => {
            let dir = dir.to_owned();
            std::panic::set_hook(Box::new(move |_| log(&dir, "hooked")));
        }
        "blocks" => run_blocks(dir),
        "runs_on_threads" => (0..50).for_each(run_on_threads),
        "gives_up" => give_up(),
        "signals" => spoil_signals(),
        "uses_local" => MAKER.with(|maker| assert_eq!(*maker, std::process::id())),
        _ => {}
    }
    Ok(())
}

fn fail(what: &str) -> Outcome {
    let source = std::io::Error::other("nobody filled it");
    Err(Box::new(Fails(what.to_owned(), source)))
}

/// An error with a source.
#[derive(Debug)]
struct Fails(String, std::io::Error);

impl std::fmt::Display for Fails {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Fails {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.1)
    }
}

#[expect(unconditional_recursion, reason = "that is how a stack overflows")]
fn overflow(depth: u64) -> u64 {
    std::hint::black_box(overflow(std::hint::black_box(depth + 1)) + 1)
}

/// Hangs, with a process of its own.
fn hang(dir: &Path) {
    start_sleeper(dir);
    mark(dir, "hangs");
    loop {
        std::thread::sleep(Duration::from_secs(1000));
    }
}

#[expect(clippy::zombie_processes, reason = "it is to be left behind")]
fn start_sleeper(dir: &Path) {
    let child = Command::new("sleep").arg("1000").spawn().expect("it starts");
    let text = format!("{}\n", child.id());
    let mut log = std::fs::OpenOptions::new();
    let log = log.append(true).create(true).open(dir.join("sleeper.log"));
    log.and_then(|mut log| log.write_all(text.as_bytes())).expect("it can be written");
}

fn leave_threads(part: &str, dir: &Path) -> Outcome {
    if part == "threads_then_fails" && logged(dir, "preload").len() > 1 {
        fail("once was enough")?;
    }
    std::thread::spawn(|| {
        loop {
            std::thread::park();
        }
    });
    Ok(())
}

fn run_blocks(dir: &Path) {
    let (one,) = concurrent! { one => 1 }.driver(Driver::Sync).run().expect("it runs here");
    assert_eq!(one, 1);
    for driver in [Driver::Process, Driver::Fork] {
        let err = concurrent! { one => 1 }.driver(driver).run().expect_err("it cannot be");
        assert_eq!(err.kind(), ErrorKind::Unsupported, "{err}");
        assert!(err.to_string().contains("a hook cannot run tasks"), "{err}");
    }
    mark(dir, "refused");
}

/// Blocks of every kind that start threads of concur's.
fn run_on_threads(round: u64) {
    let run = concurrent! { for number in 0..3 => number }.driver(Driver::Thread).run();
    assert_eq!(run.expect("it runs"), [0, 1, 2]);
    let deferred = concurrent! { one => () }.driver(Driver::Thread).defer();
    deferred.expect("it can be deferred").wait().expect("it runs");
    // With a time limit, so that something watches the clock.
    let limit = Duration::from_secs(60);
    let future = concurrent! { one => round }.driver(Driver::Thread).timeout(limit).into_future();
    assert_eq!(wait_for(future).expect("it runs"), (round,));
}

/// The smallest executor: one thread, which sleeps between polls.
fn wait_for<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        std::thread::park();
    }
}

/// A task on a thread that goes on after its time.
fn give_up() {
    let late = concurrent! { late => std::thread::sleep(Duration::from_secs(1000)) };
    let late = late.driver(Driver::Thread).timeout(Duration::from_millis(10)).run();
    assert_eq!(late.expect_err("it is late").kind(), ErrorKind::TimedOut);
}

/// Does to the server what would make it deaf to its workers' ends.
fn spoil_signals() {
    // SAFETY: sets a disposition without a handler.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
    let mut all = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `sigfillset` initializes the whole set.
    unsafe { libc::sigfillset(all.as_mut_ptr()) };
    // SAFETY: the set is initialized; the old mask is not asked for.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, all.as_ptr(), std::ptr::null_mut()) };
}
