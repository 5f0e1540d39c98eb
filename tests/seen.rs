//! What `tracing` sees: spans of runs and tasks, and what tasks record in other processes.
//!
//! A program with a single thread, for driver Fork. Each check has a subscriber of its own.

#[path = "seen/forwarded.rs"]
mod forwarded;
mod harness;
#[path = "seen/heard.rs"]
mod heard;
#[path = "seen/lost.rs"]
mod lost;
#[path = "seen/recorder.rs"]
mod recorder;
#[path = "seen/spans.rs"]
mod spans;

use std::process::ExitCode;

use concur::{Config, Driver, concurrent};
use recorder::Recorder;
use tracing::Level;

/// So many workers there are: more than any check needs at once.
const WORKERS: usize = 4;

/// The drivers that run tasks in this process, and those that do not.
const HERE: [Driver; 2] = [Driver::Sync, Driver::Thread];
const ELSEWHERE: [Driver; 2] = [Driver::Process, Driver::Fork];

fn main() -> ExitCode {
    Config::new().workers(WORKERS).install().expect("it is allowed");
    // The first check of `heard` needs a worker that nobody has listened to.
    harness::run(&[heard::CHECKS, forwarded::CHECKS, lost::CHECKS, spans::CHECKS, LAST].concat())
}

/// What stays for the rest of the program comes last.
const LAST: &[harness::Check] = &[(
    "a_subscriber_of_the_whole_program_hears_it_all",
    a_subscriber_of_the_whole_program_hears_it_all,
)];

fn a_subscriber_of_the_whole_program_hears_it_all() {
    let (recorder, subscriber) = Recorder::up_to(Level::INFO);
    tracing::subscriber::set_global_default(subscriber).expect("there is none yet");
    for driver in HERE.into_iter().chain(ELSEWHERE) {
        let run = concurrent! { task => tracing::info!(target: "test", "heard") };
        run.driver(driver.clone()).run().expect("it succeeds");
        let events = recorder.events("test");
        let task = events.last().and_then(|event| recorder.task_of(event));
        assert_eq!(task.as_deref(), Some("str task"), "{driver}: {events:?}");
    }
    assert_eq!(recorder.events("test").len(), 4);
}

/// Works with a subscriber that wants everything up to `level`, and gives what it saw.
fn watch(level: Level, work: impl FnOnce()) -> Recorder {
    let (recorder, subscriber) = Recorder::up_to(level);
    tracing::subscriber::with_default(subscriber, work);
    recorder
}
