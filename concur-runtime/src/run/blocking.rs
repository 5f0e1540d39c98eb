//! Drives a run on the thread that called: no other thread stands between it and its workers.

use super::wait::Blocking;
use super::{Jobs, Run, Sink};

/// Runs everything to its end.
pub(crate) fn drive(run: &mut Run, jobs: &mut dyn Jobs, sink: &mut dyn Sink) {
    let mut blocking = Blocking::new();
    while !run.advance(jobs, sink, &mut || blocking.waker()) {
        if spin(run) || run.park(blocking.prepare()) {
            continue;
        }
        blocking.block();
    }
}

#[cfg(target_os = "linux")]
fn spin(run: &Run) -> bool {
    crate::channel::spin_until(|| run.is_ready())
}

#[cfg(not(target_os = "linux"))]
fn spin(run: &Run) -> bool {
    run.is_ready()
}
