//! What tasks log by `log` in other processes.
//!
//! A program with a single thread, for driver Fork. The logger is one for the whole program.

mod harness;

use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard, PoisonError};

use concur::{Config, Driver, ErrorKind, concurrent};
use log::{Level, LevelFilter, Log, Metadata, Record};

const CHECKS: &[harness::Check] = &[
    ("records_come_with_the_name_of_their_task", records_come_with_the_name_of_their_task),
    ("records_are_what_they_were", records_are_what_they_were),
    ("what_was_logged_before_a_crash_is_there", what_was_logged_before_a_crash_is_there),
    ("what_nobody_wants_is_not_logged", what_nobody_wants_is_not_logged),
    ("a_flood_comes_in_order_or_is_counted", a_flood_comes_in_order_or_is_counted),
    (
        "on_other_drivers_the_logger_is_there_by_itself",
        on_other_drivers_the_logger_is_there_by_itself,
    ),
];

/// A record that was logged.
#[derive(Debug, Clone)]
struct Seen {
    level: Level,
    target: String,
    module: Option<String>,
    file: Option<String>,
    line: Option<u32>,
    text: String,
}

/// Keeps what it is told.
struct Recorder(Mutex<Vec<Seen>>);

static RECORDER: Recorder = Recorder(Mutex::new(Vec::new()));

impl Recorder {
    fn lock(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log for Recorder {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        self.lock().push(Seen {
            level: record.level(),
            target: record.target().to_owned(),
            module: record.module_path().map(str::to_owned),
            file: record.file().map(str::to_owned),
            line: record.line(),
            text: record.args().to_string(),
        });
    }

    fn flush(&self) {}
}

fn main() -> ExitCode {
    Config::new().workers(2).install().expect("it is allowed");
    log::set_logger(&RECORDER).expect("there is no other");
    harness::run(CHECKS)
}

/// Works with everything up to `level` wanted, and gives what was logged.
fn watch(level: LevelFilter, work: impl FnOnce()) -> Vec<Seen> {
    RECORDER.lock().clear();
    log::set_max_level(level);
    work();
    log::set_max_level(LevelFilter::Off);
    std::mem::take(&mut *RECORDER.lock())
}

fn records_come_with_the_name_of_their_task() {
    let seen = watch(LevelFilter::Info, || {
        let run = concurrent! {
            left => { log::info!(target: "test", "from the left"); std::process::id() },
            right => { log::info!(target: "test", "from the right"); std::process::id() },
        };
        let (left, right) = run.run().expect("both succeed");
        log::info!(target: "pids", "{left} {right}");
    });
    let (pids, mut records): (Vec<_>, Vec<_>) =
        seen.into_iter().partition(|record| record.target == "pids");
    let (left, right) = pids[0].text.split_once(' ').expect("there are two");
    records.sort_by(|one, other| one.text.cmp(&other.text));
    let texts: Vec<&str> = records.iter().map(|record| &*record.text).collect();
    let expected = [
        format!("task `left` (worker {left}): from the left"),
        format!("task `right` (worker {right}): from the right"),
    ];
    assert_eq!(texts, expected);
}

fn records_are_what_they_were() {
    let seen = watch(LevelFilter::Trace, || {
        concurrent! { task => log::trace!("a record with {}", "a value") }.run().expect("it ends");
    });
    let [record] = &seen[..] else { panic!("there is one: {seen:?}") };
    assert_eq!((record.level, &*record.target), (Level::Trace, module_path!()));
    assert_eq!(record.module.as_deref(), Some(module_path!()));
    assert_eq!(record.file.as_deref(), Some(file!()));
    assert!(record.line.is_some());
    assert!(record.text.ends_with(": a record with a value"), "{record:?}");
}

fn what_was_logged_before_a_crash_is_there() {
    let seen = watch(LevelFilter::Info, || {
        let run: Result<((),), _> = concurrent! {
            aborts => {
                log::info!(target: "test", "here it begins");
                std::process::abort()
            },
        }
        .run();
        assert_eq!(run.expect_err("it aborts").kind(), ErrorKind::Killed);
    });
    assert_eq!(seen.len(), 1, "{seen:?}");
}

fn what_nobody_wants_is_not_logged() {
    let wanted = || concurrent! { task => log::max_level() as usize }.run().expect("it succeeds").0;
    watch(LevelFilter::Warn, || assert_eq!(wanted(), LevelFilter::Warn as usize));
    watch(LevelFilter::Trace, || assert_eq!(wanted(), LevelFilter::Trace as usize));
    watch(LevelFilter::Off, || assert_eq!(wanted(), LevelFilter::Off as usize));
}

fn a_flood_comes_in_order_or_is_counted() {
    const MANY: usize = 100_000;
    let seen = watch(LevelFilter::Info, || {
        let run = concurrent! {
            flood => for n in 0..MANY { log::info!(target: "test", "number {n}") },
        };
        run.run().expect("it ends");
    });
    let (told, came): (Vec<_>, Vec<_>) =
        seen.into_iter().partition(|record| record.target == "concur");
    let number = |record: &Seen| -> usize {
        let digits = record.text.rsplit(' ').next().unwrap_or_default();
        digits.parse().expect("it ends with a number")
    };
    assert!(came.is_sorted_by(|one, next| number(one) < number(next)));
    let lost = told.iter().map(|record| {
        assert_eq!(record.level, Level::Warn);
        let digits = record.text.split(' ').next().unwrap_or_default();
        digits.parse::<usize>().expect("it begins with a number")
    });
    assert_eq!(came.len() + lost.sum::<usize>(), MANY);
}

fn on_other_drivers_the_logger_is_there_by_itself() {
    for driver in [Driver::Thread, Driver::Sync] {
        let seen = watch(LevelFilter::Info, || {
            let run = concurrent! { task => log::info!(target: "test", "as it is") };
            run.driver(driver.clone()).run().expect("it succeeds");
        });
        assert_eq!(seen.len(), 1, "{driver}: {seen:?}");
        assert_eq!(seen[0].text, "as it is", "{driver}");
    }
    // A fork has a copy of the logger: it works there, and this one does not hear of it.
    let seen = watch(LevelFilter::Info, || {
        let run = concurrent! {
            task => {
                log::info!(target: "test", "in the copy");
                RECORDER.lock().len()
            },
        };
        assert_eq!(run.driver(Driver::Fork).run().expect("it succeeds"), (1,));
    });
    assert!(seen.is_empty(), "{seen:?}");
}
