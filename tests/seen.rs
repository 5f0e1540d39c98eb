//! What `tracing` sees: spans of runs and tasks, and what tasks record in other processes.
//!
//! A program with a single thread, for driver Fork. Each check has a subscriber of its own.

#[path = "seen/forwarded.rs"]
mod forwarded;
mod harness;
#[path = "seen/recorder.rs"]
mod recorder;
#[path = "seen/spans.rs"]
mod spans;

use std::process::ExitCode;

use concur::{Config, Driver};
use recorder::Recorder;
use tracing::Level;

/// So many workers there are: more than any check needs at once.
const WORKERS: usize = 4;

/// The drivers that run tasks in this process, and those that do not.
const HERE: [Driver; 2] = [Driver::Sync, Driver::Thread];
const ELSEWHERE: [Driver; 2] = [Driver::Process, Driver::Fork];

fn main() -> ExitCode {
    Config::new().workers(WORKERS).install().expect("it is allowed");
    harness::run(&[forwarded::CHECKS, spans::CHECKS].concat())
}

/// Works with a subscriber that wants everything up to `level`, and gives what it saw.
fn watch(level: Level, work: impl FnOnce()) -> Recorder {
    let (recorder, subscriber) = Recorder::up_to(level);
    tracing::subscriber::with_default(subscriber, work);
    recorder
}
