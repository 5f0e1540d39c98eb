//! Driver Sync: the calling thread runs the task when it is launched, one after the other.
//!
//! It cannot stop a task, which knows by the clock alone that its time is over. An async task
//! gets a helper thread, since a runtime may not be entered from within another.

use std::task::Waker;

use super::warn;
use crate::engine::Job;
use crate::outcome::Outcome;
use crate::run::{Launch, Launcher};

pub(super) struct SyncLauncher;

impl Launcher for SyncLauncher {
    fn launch(&self, job: Job, _overfill: bool, _waker: &mut dyn FnMut() -> Waker) -> Launch {
        warn::of_isolation(&job);
        warn::of_memory_limit(&job);
        Launch::Ended(if job.entry.is_async { on_helper_thread(job) } else { job.run() })
    }
}

fn on_helper_thread(job: Job) -> Outcome {
    let name = job.name().to_owned();
    let spawned = std::thread::Builder::new().name(name).spawn(move || job.run());
    match spawned.map(std::thread::JoinHandle::join) {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Outcome::lost("its thread ended without an outcome"),
        Err(err) => Outcome::not_started(format!("no thread could be started for it: {err}")),
    }
}
