//! The life of a worker: it takes requests and runs their tasks, until the caller is gone.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use rustix::process::Pid;

use super::members::{Sockets, Start};
use super::{hooks, tasks};
use crate::channel::WorkerEnd;
use crate::forward;
use crate::hooks::Stage;
use crate::inside::own;
use crate::payload::Payload;
use crate::sys::fork::exit_now;
use crate::sys::lifeline::kill_after;
use crate::sys::memory::Slot;
use crate::sys::signals::speak_on;
use crate::worker_local;

/// What `ps` calls a worker until it is called after its task.
const NAME: &CStr = c"concur-worker";

/// The way to the fork server, for tasks that hold blocks.
static KNOCK: OnceLock<OwnedFd> = OnceLock::new();

/// How many workers this process stands below the program.
static LEVEL: AtomicU32 = AtomicU32::new(0);

/// Whether this process is a fork of a worker that outlives its fork server.
static HAS_LEFT: AtomicBool = AtomicBool::new(false);

/// 0 in the program itself, 1 in its workers, 2 in the workers of those.
pub(crate) fn level() -> u32 {
    LEVEL.load(Ordering::Relaxed)
}

/// The socket on which a worker asks its fork server for one of its own; `None` outside a worker.
pub(crate) fn knock() -> Option<BorrowedFd<'static>> {
    use std::os::fd::AsFd;
    KNOCK.get().map(AsFd::as_fd).filter(|_| !HAS_LEFT.load(Ordering::Relaxed))
}

/// In a fork of a worker that goes on by itself: its own tasks have a server of its own, and stand as
/// far below it as those of a program.
pub(super) fn leave_server() {
    HAS_LEFT.store(true, Ordering::Relaxed);
    LEVEL.store(0, Ordering::Relaxed);
}

/// In a fork of the server, which has closed what was the server's alone.
pub(super) fn forked(server: Pid, start: Start, knocker: OwnedFd) -> ! {
    tasks::become_task_process(server);
    let Start { slot, lanes, board, sockets, level, .. } = start;
    let ends = Ends::open(&board, slot, &lanes, sockets);
    // The rest of the board is other workers'.
    drop(board);
    match ends {
        Ok(ends) => ends.live(slot, knocker, level + 1, &[Stage::WorkerStart]),
        Err(_) => exit_now(71),
    }
}

/// In a process that was executed to be a worker: nothing of what the server loaded is here.
pub(super) fn executed(number: u32, level: u32, lanes: &[u32], descriptors: Vec<OwnedFd>) {
    let mut descriptors = descriptors.into_iter();
    let fixed = [descriptors.next(), descriptors.next(), descriptors.next()];
    let [Some(own), Some(board), Some(knocker)] = fixed else { return };
    if let Some(server) = rustix::process::getppid() {
        tasks::become_task_process(server);
    }
    tasks::prepare();
    let sockets = Sockets { own, lanes: descriptors.collect() };
    let Ok(ends) = Ends::open(&board, number, lanes, sockets) else { return };
    drop(board);
    ends.live(number, knocker, level, &[Stage::Preload, Stage::WorkerStart])
}

/// The ends of a worker's channels.
struct Ends {
    own: WorkerEnd,
    /// Those of its lanes, with their numbers; none where it runs one task at a time.
    #[cfg(feature = "tokio")]
    lanes: Vec<(u32, WorkerEnd)>,
}

impl Ends {
    fn open(board: &OwnedFd, number: u32, lanes: &[u32], sockets: Sockets) -> io::Result<Self> {
        if sockets.lanes.len() != lanes.len() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let own = WorkerEnd::new(Slot::map(board, number)?, sockets.own);
        #[cfg(feature = "tokio")]
        let lanes = lanes.iter().zip(sockets.lanes);
        #[cfg(feature = "tokio")]
        let lanes = lanes
            .map(|(number, socket)| {
                Ok((*number, WorkerEnd::of_lane(Slot::map(board, *number)?, socket)))
            })
            .collect::<io::Result<_>>()?;
        Ok(Self {
            own,
            #[cfg(feature = "tokio")]
            lanes,
        })
    }

    fn live(self, number: u32, knocker: OwnedFd, level: u32, stages: &[Stage]) -> ! {
        let _ = rustix::thread::set_name(NAME);
        LEVEL.store(level, Ordering::Relaxed);
        let _ = KNOCK.set(knocker);
        #[cfg(feature = "tokio")]
        if !self.lanes.is_empty() {
            super::lanes::live(&self.own, self.lanes, level, stages)
        }
        live(self.own, number, stages)
    }
}

/// One thread does everything, that of the process: a second one would cost more than a small task.
fn live(mut end: WorkerEnd, number: u32, stages: &[Stage]) -> ! {
    speak_on(end.socket().as_raw_fd());
    own::settle(number, end.socket());
    let is_ready = hooks::run_before_tasks(stages, &[&end]);
    end.keeps(worker_local::are_kept());
    if is_ready {
        run_tasks(&mut end);
    }
    drop_what_is_kept();
    exit_now(0)
}

fn run_tasks(end: &mut WorkerEnd) {
    forward::open(end);
    let mut output = Payload::new();
    while let Ok(Some(request)) = end.next() {
        let is_last = request.as_ref().is_ok_and(|request| request.head.is_last);
        if tasks::run_requested(request, end, &mut output).is_err() || is_last {
            break;
        }
    }
}

/// What is dropped at the end of a process must be so within this time.
pub(super) const DROP_LIMIT: Duration = Duration::from_secs(5);

/// Drops what tasks have kept for later ones, at the end of a process that ran them.
pub(crate) fn drop_what_is_kept() {
    if worker_local::are_kept() {
        // From here on only code of the user's runs.
        kill_after(DROP_LIMIT);
        worker_local::drop_all();
        tasks::flush_output();
    }
}
