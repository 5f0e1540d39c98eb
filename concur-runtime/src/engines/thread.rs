//! Driver Thread: a thread of this process runs the task.
//!
//! Threads are kept for a while and used again. A thread cannot be killed: a task that is stopped is
//! told so, given up at once, and its thread left to end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, Mutex};
use std::task::Waker;
use std::time::Duration;

use super::warn;
use crate::context::Moment;
use crate::engine::Job;
use crate::inside::Told;
use crate::locks::lock;
use crate::outcome::Outcome;
use crate::own_threads::{self, OwnThread};
use crate::run::{Attempt, Launch, Launcher, Stopped, Wait};

/// A thread that has had nothing to do for this long ends, unless a setting says otherwise.
const KEPT_FOR: Duration = Duration::from_secs(5);

pub(super) struct ThreadLauncher;

/// What a thread is handed.
struct Work {
    run: Box<dyn FnOnce(&OwnThread) + Send>,
    /// How long the thread then waits for more.
    kept_for: Duration,
}

/// The threads of one process.
#[derive(Default)]
struct Threads {
    /// Those that wait for work, the one that began to wait last at the end.
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    id: u64,
    work: SyncSender<Work>,
}

#[cfg(target_os = "linux")]
static THREADS: crate::sys::process_local::ProcessLocal<Arc<Threads>> =
    crate::sys::process_local::ProcessLocal::new();
#[cfg(not(target_os = "linux"))]
static THREADS: std::sync::LazyLock<Arc<Threads>> = std::sync::LazyLock::new(Arc::default);

fn threads() -> Arc<Threads> {
    #[cfg(target_os = "linux")]
    return Arc::clone(THREADS.get(Arc::default));
    #[cfg(not(target_os = "linux"))]
    return Arc::clone(&THREADS);
}

impl Launcher for ThreadLauncher {
    fn launch(&self, mut job: Job, _overfill: bool, waker: &mut dyn FnMut() -> Waker) -> Launch {
        warn::of_isolation(&job);
        warn::of_memory_limit(&job);
        let shared = Arc::new(Shared {
            outcome: Mutex::new(None),
            there: AtomicBool::new(false),
            waker: Mutex::new(waker()),
        });
        let theirs = Arc::clone(&shared);
        let told = Arc::new(Told::default());
        job.told = Some(Arc::clone(&told));
        let kept_for = job.settings.idle_timeout.unwrap_or(KEPT_FOR);
        let run = Box::new(move |own: &OwnThread| {
            let outcome = job.run();
            // Before anybody can see the outcome: who has waited for it may fork.
            own.rest();
            *lock(&theirs.outcome) = Some(outcome);
            theirs.there.store(true, Ordering::Release);
            lock(&theirs.waker).wake_by_ref();
        });
        let started = Moment::now();
        match threads().hand_over(Work { run, kept_for }) {
            Ok(()) => Launch::Started(Box::new(ThreadAttempt { shared, started, told })),
            Err(err) => Launch::Ended(Outcome::not_started(format!(
                "no thread could be started for it: {err}"
            ))),
        }
    }
}

impl Threads {
    /// Gives work to a thread that waits, or to a new one.
    fn hand_over(self: Arc<Self>, mut work: Work) -> std::io::Result<()> {
        loop {
            let idle = lock(&self.idle).pop();
            let Some(idle) = idle else { break };
            own_threads::work_again(idle.id);
            match idle.work.send(work) {
                Ok(()) => return Ok(()),
                Err(gone) => work = gone.0,
            }
        }
        let thread = std::thread::Builder::new().name("concur-task".to_owned());
        thread.spawn(move || self.serve(work)).map(drop)
    }

    /// The life of a thread: work, wait for more, end when there is none for a while.
    fn serve(&self, mut work: Work) {
        let own = OwnThread::begin();
        let id = own.id();
        loop {
            (work.run)(&own);
            let kept_for = work.kept_for;
            // Room for one: a thread is handed work only after it was taken out of the idle ones.
            let (sender, receiver) = mpsc::sync_channel(1);
            lock(&self.idle).push(Idle { id, work: sender });
            let next = receiver.recv_timeout(kept_for).ok().or_else(|| {
                let mut idle = lock(&self.idle);
                let before = idle.len();
                idle.retain(|one| one.id != id);
                let was_idle = idle.len() < before;
                drop(idle);
                // Not among the idle any more: work is on its way.
                if was_idle { None } else { receiver.recv().ok() }
            });
            match next {
                Some(next) => work = next,
                None => return,
            }
        }
    }
}

/// Has the threads end that wait for work. Later tasks start new ones.
#[cfg(target_os = "linux")]
pub(crate) fn end_idle_threads() {
    if let Some(threads) = THREADS.peek() {
        // Nobody can hand them anything any more, which ends their wait.
        let dismissed = std::mem::take(&mut *lock(&threads.idle));
        drop(dismissed);
    }
}

/// What the thread and the attempt share.
struct Shared {
    outcome: Mutex<Option<Outcome>>,
    there: AtomicBool,
    waker: Mutex<Waker>,
}

/// A task on a thread.
struct ThreadAttempt {
    shared: Arc<Shared>,
    started: Moment,
    told: Arc<Told>,
}

impl Attempt for ThreadAttempt {
    fn poll(&mut self, waker: &mut dyn FnMut() -> Waker) -> Option<Outcome> {
        if !self.is_ready() {
            // A future may be polled by another task each time.
            *lock(&self.shared.waker) = waker();
            if !self.is_ready() {
                return None;
            }
        }
        lock(&self.shared.outcome).take()
    }

    fn is_ready(&self) -> bool {
        self.shared.there.load(Ordering::Acquire)
    }

    fn park(&mut self, _wait: &mut Wait) -> bool {
        self.is_ready()
    }

    fn started(&self) -> Option<Moment> {
        Some(self.started)
    }

    fn stop(&mut self) -> Stopped {
        self.told.tell();
        Stopped::Gone
    }
}

impl Drop for ThreadAttempt {
    /// Whatever the task still does, nobody wants it.
    fn drop(&mut self) {
        self.told.tell();
    }
}
