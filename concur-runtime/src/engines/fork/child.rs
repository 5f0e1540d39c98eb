//! The other side: the fork, from its first moment to its end.

use std::os::fd::AsRawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rustix::process::Pid;

use crate::channel::WorkerEnd;
use crate::engine::Job;
use crate::forward;
use crate::hooks::Stage;
use crate::inside::own;
use crate::sys::fork::exit_now;
use crate::sys::signals::speak_on;
use crate::worker::{drop_what_is_kept, hooks, tasks};

/// The life of the fork.
pub(super) fn run_and_exit(job: &Job, mut end: WorkerEnd, number: u32, parent: Pid) -> ! {
    tasks::become_task_process(parent);
    crate::shutdown::forget();
    let _ = tasks::empty_stdin();
    let live = || {
        tasks::prepare();
        speak_on(end.socket().as_raw_fd());
        own::settle(number, end.socket());
        if hooks::run_before_tasks(&[Stage::WorkerStart], &[&end]) {
            forward::open(&mut end);
            end.take_at_once();
            let _ = tasks::run_forked(job, &mut end);
        }
        drop_what_is_kept();
    };
    if job.entry.is_async {
        // This thread may be inside a runtime of the caller's, as it was when it was forked.
        let stack = std::thread::Builder::new().stack_size(STACK);
        std::thread::scope(|scope| {
            let _ = stack.spawn_scoped(scope, live).map(std::thread::ScopedJoinHandle::join);
        });
    } else {
        // Nothing may unwind into the caller's code, which goes on in the parent alone.
        let _ = catch_unwind(AssertUnwindSafe(live));
    }
    exit_now(0)
}

/// The stack of a thread that runs an async task: as large as that of `main`.
const STACK: usize = 8 << 20;
