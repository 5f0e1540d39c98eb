//! Drives a run on the thread that called: no other thread stands between it and its workers.

use super::ends::Jobs;
use super::wait::Blocking;
use super::{Run, Sink};

/// Runs everything to its end.
pub(crate) fn drive(run: &mut Run, jobs: &mut dyn Jobs, sink: &mut impl Sink) {
    drive_until(run, jobs, sink, |_| false);
}

/// Runs until the run has ended, which is `true`, or the sink has enough.
pub(crate) fn drive_until<S: Sink>(
    run: &mut Run,
    jobs: &mut dyn Jobs,
    sink: &mut S,
    enough: impl Fn(&S) -> bool,
) -> bool {
    let mut blocking = Blocking::new();
    loop {
        if run.advance(jobs, sink, &mut || blocking.waker()) {
            return true;
        }
        if enough(sink) {
            return false;
        }
        if !spin(run) && !run.park(blocking.prepare()) {
            blocking.block();
        }
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
