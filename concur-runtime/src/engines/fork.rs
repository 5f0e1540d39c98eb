//! Driver Fork: a fork of the calling process runs the task and ends.
//!
//! The task sees the caller's memory as it is at that moment. The fork answers through a slot and a
//! socket, as a worker does; the caller is its parent, sees its end itself, and ends it itself: a task
//! that is to stop is killed at once, or told first if it has asked for time.

mod attempt;
mod child;

use std::io;
use std::sync::Arc;
use std::task::Waker;

use rustix::process::{PidfdFlags, pidfd_open};

use crate::channel::{Board, CallerEnd, WorkerEnd, close_on_exec_pair};
use crate::config::Settings;
use crate::engine::Job;
use crate::outcome::{End, Outcome};
use crate::own_threads;
use crate::run::{Launch, Launcher};
use crate::sys::fork::{Forked, exit_now, fork};
use crate::sys::memory::Slot;
use crate::sys::process_local::ProcessLocal;
use crate::worker::{hooks, tasks};
use attempt::{ForkAttempt, kill_and_bury};
use child::run_and_exit;

pub(super) struct ForkLauncher;

/// Where the forks of this process answer.
static BOARD: ProcessLocal<Arc<Board>> = ProcessLocal::new();

impl Launcher for ForkLauncher {
    fn launch(&self, job: Job, _overfill: bool, _waker: &mut dyn FnMut() -> Waker) -> Launch {
        if hooks::is_running() {
            return Launch::Ended(Outcome::not_run(End::Unsupported(hooks::REFUSAL.to_owned())));
        }
        if let Some(reason) = danger(&job.settings) {
            return Launch::Ended(Outcome::not_run(End::ForkUnsafe(reason)));
        }
        match start(job) {
            Ok(attempt) => Launch::Started(Box::new(attempt)),
            Err(err) => Launch::Ended(Outcome::not_started(format!("it cannot be forked: {err}"))),
        }
    }
}

/// Why forking this process now would not be safe, if so.
pub(crate) fn danger(settings: &Settings) -> Option<String> {
    if settings.fork_with_threads {
        return None;
    }
    let foreign = own_threads::besides_resting();
    (foreign > 1).then(|| {
        format!(
            "driver `fork` forks this process, which has {foreign} threads, and a lock that another \
             thread holds would stay locked in the fork: choose driver `process`, call it before \
             threads are started, or accept the danger with `Config::fork_with_threads(true)` \
             (CONCUR_FORK_WITH_THREADS=1) and a timeout"
        )
    })
}

fn start(job: Job) -> io::Result<ForkAttempt> {
    let board = BOARD.try_get(Board::create)?;
    let place = board.place()?;
    let (ours, theirs) = close_on_exec_pair()?;
    // What is buffered now would be written twice.
    tasks::flush_output();
    let parent = rustix::process::getpid();
    match crate::reactor::quiesced(fork)? {
        Forked::Child => match Slot::map(board.file(), place.index()) {
            Ok(slot) => run_and_exit(&job, WorkerEnd::new(slot, theirs), place.index(), parent),
            Err(_) => exit_now(1),
        },
        Forked::Parent(pid) => {
            let mut end = CallerEnd::new(place, ours);
            end.expect_answer();
            let pidfd = match pidfd_open(pid, PidfdFlags::empty()) {
                Ok(pidfd) => Some(Arc::new(pidfd)),
                // The caller ignores the ends of children, and this one has ended already.
                Err(rustix::io::Errno::SRCH) => None,
                // One that cannot be had (no descriptors left) must not lose the child.
                Err(err) => {
                    kill_and_bury(pid);
                    return Err(err.into());
                }
            };
            Ok(ForkAttempt::new(job, end, pid, pidfd))
        }
    }
}
