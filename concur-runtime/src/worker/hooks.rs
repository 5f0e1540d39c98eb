//! Runs hooks: those of `preload` in the fork server, those of `on_worker_start` in whatever is about
//! to run tasks.
//!
//! Which one runs is said before it does, since it may never return: a worker says it in its slot,
//! the server on its control socket. What a hook returned or panicked with is told by its process;
//! that it ended its process or hangs, the caller sees for itself.

use std::os::fd::{AsRawFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::Pid;

use super::members::tell;
use super::tasks;
use crate::channel::WorkerEnd;
use crate::cuts;
use crate::hooks::failure::{Fault, FaultEnding};
use crate::hooks::{self, HookSite, Stage};
use crate::own_threads;
use crate::processes::children_of;
use crate::sys::child_signal::reset_signals;
use crate::sys::fork::exit_now;
use crate::sys::hook_registry::Slot;
use crate::sys::lifeline::Lifeline;
use crate::sys::signals::{forget_panic, speak_on};
use crate::task::panic;
use crate::wire::Notice;

/// Whether a hook runs in this process.
static RUNNING: AtomicBool = AtomicBool::new(false);

/// Whether a hook runs in this process: then no process may be started for a task, or its own hooks
/// would start the next one.
pub(crate) fn is_running() -> bool {
    RUNNING.load(Ordering::Relaxed)
}

/// Why a block in a hook cannot run its tasks in other processes.
pub(crate) const REFUSAL: &str = "a hook cannot run tasks in other processes, since those would begin with the same hook: \
     choose driver `sync` in it, or call the function itself";

/// A hook of `preload` that left threads in the server.
pub(super) struct LeftThreads {
    pub(super) site: HookSite,
    pub(super) count: usize,
}

/// Runs the hooks of `preload`, in a fork server that has a single thread. Stops at one that leaves
/// threads: a fork would not have them, so none of what was loaded can be shared.
pub(super) fn preload(control: &OwnedFd, caller: Pid) -> Result<Option<LeftThreads>, Fault> {
    if !hooks::any(Stage::Preload) {
        return Ok(None);
    }
    // The server does not look out for its caller meanwhile.
    let lifeline = Lifeline::to_parent(caller);
    speak_on(control.as_raw_fd());
    let mut left = None;
    for (place, hook) in hooks::of(Stage::Preload) {
        tell(control, &Notice::InHook(Some(place)));
        if let Err(fault) = run(place, hook) {
            left = Some(Err(fault));
            break;
        }
        let count = own_threads::left_over();
        if count > 0 {
            left = Some(Ok(LeftThreads { site: hook.site(), count }));
            break;
        }
    }
    tell(control, &Notice::InHook(None));
    speak_on(-1);
    drop(lifeline);
    // The server hears of its workers' ends by a signal, whatever a hook has done to it.
    reset_signals();
    // What is buffered now would be written by each worker.
    tasks::flush_output();
    left.transpose()
}

/// The processes that hooks of `preload` have started and left running.
pub(super) fn started_by_preload() -> Vec<Pid> {
    let is_possible = hooks::any(Stage::Preload);
    if is_possible { children_of(rustix::process::getpid()) } else { Vec::new() }
}

/// Runs the hooks of these stages in a process that is about to run tasks, on the thread that will
/// run them, or where they share the process, before those are there. `false` when one of them did not
/// end well: the caller was told.
pub(crate) fn run_before_tasks(stages: &[Stage], ends: &[&WorkerEnd]) -> bool {
    let mut some_ran = false;
    for stage in stages {
        for (place, hook) in hooks::of(*stage) {
            some_ran = true;
            for end in ends {
                end.in_hook(Some(place));
            }
            if let Err(mut fault) = run(place, hook) {
                cuts::fault(&mut fault);
                // A caller that is gone needs no notice.
                let fault = Notice::Fault(fault);
                for end in ends {
                    let _ = end.tell(&fault);
                }
                return false;
            }
            for end in ends {
                end.in_hook(None);
            }
        }
    }
    if some_ran {
        tasks::flush_output();
    }
    true
}

fn run(place: u32, hook: &Slot) -> Result<(), Fault> {
    let own = std::process::id();
    RUNNING.store(true, Ordering::Relaxed);
    // Recorded as the panic of a task is.
    let recording = panic::begin();
    let returned = catch_unwind(AssertUnwindSafe(|| hook.call()));
    if std::process::id() != own {
        // The hook forked, and this is the child: only its parent goes on as what it was.
        exit_now(0);
    }
    let ending = match returned {
        Ok(Ok(())) => None,
        Ok(Err(failure)) => Some(FaultEnding::Failed(failure.into_report())),
        Err(payload) => {
            let info = panic::take_record(&*payload);
            panic::discard(payload);
            forget_panic();
            Some(FaultEnding::Panicked(info))
        }
    };
    drop(recording);
    // It may have set a panic hook of its own.
    tasks::record_panics();
    RUNNING.store(false, Ordering::Relaxed);
    match ending {
        None => Ok(()),
        Some(ending) => Err(Fault { hook: place, ending }),
    }
}
