//! The life of a worker: one thread takes requests and runs their tasks, until the caller is gone.

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::sync::OnceLock;

use rustix::process::Pid;

use super::tasks;
use crate::channel::WorkerEnd;
use crate::sys::fork::exit_now;
use crate::sys::memory::Slot;

/// The stack of the thread that runs tasks: as large as that of `main`.
const STACK: usize = 8 << 20;

/// The way to the fork server, for tasks that hold blocks.
static KNOCK: OnceLock<OwnedFd> = OnceLock::new();

/// The socket on which a worker asks its fork server for one of its own; `None` outside a worker.
pub(crate) fn knock() -> Option<BorrowedFd<'static>> {
    use std::os::fd::AsFd;
    KNOCK.get().map(AsFd::as_fd)
}

/// In a fork of the server, which has closed what was the server's alone.
pub(super) fn forked(
    server: Pid,
    socket: OwnedFd,
    board: &OwnedFd,
    slot: u32,
    knocker: OwnedFd,
) -> ! {
    tasks::become_task_process(server);
    match Slot::map(board, slot) {
        Ok(slot) => live(WorkerEnd::new(slot, socket), knocker),
        Err(_) => exit_now(71),
    }
}

/// In a process that was executed to be a worker.
pub(super) fn executed(slot: u32, descriptors: Vec<OwnedFd>) {
    let Ok([socket, board, knocker]) = <[OwnedFd; 3]>::try_from(descriptors) else { return };
    if let Some(server) = rustix::process::getppid() {
        tasks::become_task_process(server);
    }
    let Ok(slot) = Slot::map(&board, slot) else { return };
    drop(board);
    live(WorkerEnd::new(slot, socket), knocker)
}

fn live(end: WorkerEnd, knocker: OwnedFd) -> ! {
    let _ = KNOCK.set(knocker);
    let runner = std::thread::Builder::new()
        .name("concur-worker".to_owned())
        .stack_size(STACK)
        .spawn(move || run_tasks(end));
    // The thread ends when the caller is gone; a worker without one is of no use.
    let ended = runner.map(std::thread::JoinHandle::join);
    exit_now(if matches!(ended, Ok(Ok(()))) { 0 } else { 71 })
}

fn run_tasks(mut end: WorkerEnd) {
    tasks::arm(end.socket().as_raw_fd());
    let mut output = crate::payload::Payload::new();
    while let Ok(Some(request)) = end.next() {
        if tasks::run_requested(request, &mut end, &mut output).is_err() {
            return;
        }
    }
}
