//! Says once, on stderr, what a driver cannot honour.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::engine::Job;

/// What an engine of a user's own has asked of its job: it sees to that itself. About the rest it is
/// warned when the job runs in this process.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) memory_limit: AtomicBool,
    pub(crate) isolated: AtomicBool,
}

impl Asked {
    pub(crate) fn warn_of_the_rest(&self, job: &Job) {
        if !self.isolated.load(Ordering::Relaxed) {
            of_isolation(job);
        }
        if !self.memory_limit.load(Ordering::Relaxed) {
            of_memory_limit(job);
        }
    }
}

/// Warns where the memory of a task is to be limited, and it runs in this process.
pub(super) fn of_memory_limit(job: &Job) {
    static SAID: AtomicBool = AtomicBool::new(false);
    if job.settings.memory_limit.is_some() && !SAID.swap(true, Ordering::Relaxed) {
        eprintln!(
            "concur: driver `{}` cannot limit the memory of a task, which is that of this process",
            job.settings.driver
        );
    }
}

/// Warns where a task is to be isolated and the driver has no processes.
pub(super) fn of_isolation(job: &Job) {
    static SAID: AtomicBool = AtomicBool::new(false);
    if job.settings.isolated && !SAID.swap(true, Ordering::Relaxed) {
        eprintln!(
            "concur: driver `{}` cannot isolate tasks from each other: they share this process",
            job.settings.driver
        );
    }
}
