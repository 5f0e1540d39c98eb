//! The log says of each task of each deferral what became of it, once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use concur::{Config, Driver, ErrorKind, concurrent};
use rustix::process::{Signal, kill_process};

use crate::contract::{Marks, await_mark, eventually, is_alive, mark};
use crate::played::parent;
use crate::processes::pid;
use crate::scenario::{Named, scenario};

pub(crate) const SCENARIOS: &[Named] = &[
    ("defers_all_kinds_of_ends", defers_all_kinds_of_ends),
    ("defers_where_one_success_is_enough", defers_where_one_success_is_enough),
    ("defers_what_is_tried_again", defers_what_is_tried_again),
    ("defers_with_a_deadline", defers_with_a_deadline),
    ("shuts_down_what_it_runs_itself", shuts_down_what_it_runs_itself),
    ("ends_its_supervisor_by_a_signal", ends_its_supervisor_by_a_signal),
    ("ends_an_idle_supervisor_by_a_signal", ends_an_idle_supervisor_by_a_signal),
    ("defers_more_than_its_supervisor_can_hold", defers_more_than_its_supervisor_can_hold),
];

const ALL: [Driver; 4] = [Driver::Process, Driver::Fork, Driver::Thread, Driver::Sync];
const LONG: Duration = Duration::from_secs(60);

/// Where the log is that this program writes.
fn own_log() -> PathBuf {
    std::env::var_os("CONCUR_DEFER_LOG").expect("it is set").into()
}

fn log_has(what: &str) -> bool {
    std::fs::read_to_string(own_log()).is_ok_and(|log| log.contains(what))
}

/// Plays a scenario with a log, and gives what is in it.
fn log_of(name: &str) -> String {
    let marks = Marks::new();
    let path = marks.dir().join("deferred.log");
    scenario(name).env("CONCUR_DEFER_LOG", path.to_str().expect("text")).succeeds();
    std::fs::read_to_string(&path).expect("it was made")
}

/// What became of the tasks of a deferral, by item (or name, where that says which one it is); each must
/// have been told once.
fn fates(log: &str, deferral: u64) -> BTreeMap<String, String> {
    let mut fates = BTreeMap::new();
    for line in log.lines() {
        let Some((_, text)) = line.split_once(&format!(" deferral {deferral}")) else { continue };
        let Some((item, text)) = text.split_once(": ") else { continue };
        let Some((name, fate)) = text.strip_prefix("task `").and_then(|text| text.split_once("` "))
        else {
            continue;
        };
        if fate.contains("; attempt ") {
            continue;
        }
        let key = item.strip_prefix(", item ").unwrap_or(name).to_owned();
        let earlier = fates.insert(key, fate.to_owned());
        assert_eq!(earlier, None, "told twice:\n{log}");
    }
    fates
}

/// The fates of a deferral must begin with these words, and be no more than these.
fn assert_fates(log: &str, deferral: u64, expected: &[(&str, &str)]) {
    let fates = fates(log, deferral);
    assert_eq!(fates.len(), expected.len(), "deferral {deferral}: {fates:#?}\n{log}");
    for (task, words) in expected {
        let fate = fates.get(*task).unwrap_or_else(|| panic!("nothing is told of {task}:\n{log}"));
        assert!(fate.starts_with(words), "{task} of deferral {deferral}: {fate}\n{log}");
    }
}

/// Plays a scenario that defers once on each driver; what is told of these deferrals is as expected.
fn assert_fates_on_each<const N: usize>(
    name: &str,
    expected: impl Fn(&Driver) -> [(&'static str, &'static str); N],
) {
    let log = log_of(name);
    for (deferral, driver) in (1..).zip(&ALL) {
        assert_fates(&log, deferral, &expected(driver));
    }
}

fn runs_here(driver: &Driver) -> bool {
    matches!(driver, Driver::Thread | Driver::Sync)
}

/// The supervisor of a deferral on driver Process that has just been done.
fn supervisor_of_first(dir: &Path) -> u32 {
    let there = dir.to_owned();
    let deferred = concurrent! {
        first => std::fs::write(there.join("pid"), std::process::id().to_string())?,
    };
    deferred.defer().expect("it can be deferred").wait_for(LONG).expect("it ends well");
    let worker = std::fs::read_to_string(dir.join("pid")).expect("it was written");
    parent(parent(worker.parse().expect("a pid")))
}

fn defers_all_kinds_of_ends(_dir: &Path) {
    for driver in ALL {
        let is_here = runs_here(&driver);
        let deferred = concurrent! {
            works => (),
            fails => Err::<(), _>("no luck")?,
            panics => panic!("not today"),
            dies => if is_here { panic!("it would take the program along") } else { std::process::abort() },
            #[task(timeout = "50ms")]
            slow => assert!(eventually(concur::task::cancelled)),
        };
        deferred.driver(driver).defer().expect("it can be").wait_for(LONG).expect_err("some fail");
    }
}

pub(crate) fn every_end_is_told_once() {
    assert_fates_on_each("defers_all_kinds_of_ends", |driver| {
        let dies =
            if runs_here(driver) { "panicked: it would" } else { "was killed by SIGABRT (worker " };
        [
            ("works", "is done"),
            ("fails", "failed: no luck ("),
            ("panics", "panicked: not today"),
            ("dies", dies),
            ("slow", "ran past its timeout of 50ms"),
        ]
    });
}

fn defers_where_one_success_is_enough(dir: &Path) {
    Config::new().workers(3).install().expect("it is allowed");
    for driver in ALL {
        let name = driver.name().to_owned();
        let there = dir.join(&name);
        std::fs::create_dir(&there).expect("there is room");
        let attempts = concurrent! {
            for number in 0..5_u32 => match number {
                0 => Err(format!("no luck on {name}"))?,
                1 => {
                    assert!(eventually(|| log_has(&format!("no luck on {name}"))));
                    assert!(name == "sync" || (await_mark(&there, "2") && await_mark(&there, "3")));
                }
                _ => {
                    mark(&there, &number.to_string());
                    assert!(eventually(concur::task::cancelled));
                }
            }
        };
        let deferred = attempts.any().driver(driver.clone()).defer().expect("it can be deferred");
        deferred.wait_for(LONG).expect("one succeeds");
    }
}

pub(crate) fn who_was_not_needed_is_told() {
    assert_fates_on_each("defers_where_one_success_is_enough", |driver| {
        // There they come one after another.
        let is_one_by_one = *driver == Driver::Sync;
        let running =
            if is_one_by_one { "never started: another" } else { "was cancelled: another task" };
        [
            ("0", "failed: no luck on "),
            ("1", "is done"),
            ("2", running),
            ("3", running),
            ("4", "never started: another task of the deferral succeeded"),
        ]
    });
}

fn defers_what_is_tried_again(dir: &Path) {
    // One that pauses has its place among those under way.
    Config::new().workers(2).install().expect("it is allowed");
    for driver in ALL {
        let name = driver.name().to_owned();
        let there = dir.to_owned();
        let second = concurrent! {
            second_time => if concur::task::current().is_some_and(|task| task.attempt() == 1) {
                Err(format!("not yet on {name}"))?;
            },
        };
        let deferred =
            second.driver(driver.clone()).retries(3).defer().expect("it can be deferred");
        deferred.wait_for(LONG).expect("the second attempt succeeds");
        let name = driver.name().to_owned();
        let rests = concurrent! {
            for number in 0..2_u32 => if number == 0 {
                mark(&there, &name);
                Err(format!("tired on {name}"))?;
            } else {
                assert!(eventually(|| log_has(&format!("tired on {name}"))));
            }
        };
        let rests =
            rests.any().retries(1).backoff(Duration::from_secs(1000)).driver(driver.clone());
        rests.defer().expect("it can be deferred").wait_for(LONG).expect("one succeeds");
    }
}

pub(crate) fn attempts_are_told() {
    let log = log_of("defers_what_is_tried_again");
    for (number, driver) in (0..).zip(ALL) {
        assert_fates(&log, 2 * number + 1, &[("second_time", "is done")]);
        let tired = "was cancelled before it was tried again: another task";
        assert_fates(&log, 2 * number + 2, &[("0", tired), ("1", "is done")]);
        let attempts = |what: &str| {
            let is_it = |line: &&str| line.contains(what) && line.contains("; attempt 2 follows");
            log.lines().filter(is_it).count()
        };
        assert_eq!(attempts(&format!("failed: not yet on {driver}")), 1, "{log}");
        assert_eq!(attempts(&format!("failed: tired on {driver}")), 1, "{log}");
    }
}

fn defers_with_a_deadline(_dir: &Path) {
    for driver in ALL {
        let late = concurrent! {
            for number in 0..3_u32 => assert!(number == 0 && eventually(concur::task::cancelled))
        };
        let late = late.limit(1).deadline(Duration::from_millis(300)).driver(driver.clone());
        let err = late.defer().expect("it can be").wait_for(LONG).expect_err("there is no time");
        assert_eq!(err.failures().len(), 3, "{driver}");
    }
}

pub(crate) fn who_had_no_time_to_start_is_told() {
    let late = "was not done when the deadline of its run passed";
    let never = "was not done when the deadline of its run passed: it never started";
    assert_fates_on_each("defers_with_a_deadline", |_| [("0", late), ("1", never), ("2", never)]);
}

fn shuts_down_what_it_runs_itself(dir: &Path) {
    let endless = |driver: Driver| {
        let there = dir.to_owned();
        let name = driver.name().to_owned();
        let endless = concurrent! {
            for number in 0..2_u32 => {
                mark(&there, &format!("{name} {number}"));
                // On Sync the thread that would tell it is the one that runs it.
                assert!(eventually(|| concur::task::cancelled() || log_has("was cancelled")));
            }
        };
        endless.limit(1).driver(driver).defer().expect("it can be deferred")
    };
    std::thread::scope(|scope| {
        let deferred = endless(Driver::Thread);
        assert!(await_mark(dir, "thread 0"));
        let here = scope.spawn(|| endless(Driver::Sync));
        assert!(await_mark(dir, "sync 0"));
        concur::shutdown(Duration::ZERO).expect_err("they were cancelled");
        for deferred in [deferred, here.join().expect("it does not panic")] {
            let err = deferred.wait_for(LONG).expect_err("it was cancelled");
            assert_eq!(err.kind(), ErrorKind::Cancelled);
        }
    });
}

pub(crate) fn what_a_shutdown_cuts_off_is_told() {
    let log = log_of("shuts_down_what_it_runs_itself");
    let never = "never started: the program is shutting down";
    assert_fates(&log, 1, &[("0", "was cancelled: the program is shutting down"), ("1", never)]);
    assert_fates(&log, 2, &[("0", "is done"), ("1", never)]);
}

fn ends_its_supervisor_by_a_signal(dir: &Path) {
    for driver in [Driver::Process, Driver::Fork] {
        let (there, name) = (dir.to_owned(), driver.name().to_owned());
        let endless = concurrent! {
            for number in 0..2_u32 => {
                assert_eq!(number, 0);
                std::fs::write(there.join("pid.tmp"), std::process::id().to_string())?;
                std::fs::rename(there.join("pid.tmp"), there.join(&name))?;
                std::thread::sleep(Duration::from_secs(600));
            }
        };
        let deferred = endless.limit(1).driver(driver.clone()).defer().expect("it can be");
        assert!(await_mark(dir, driver.name()));
        let worker = std::fs::read_to_string(dir.join(driver.name())).expect("it was written");
        let worker: u32 = worker.parse().expect("a pid");
        let above = parent(worker);
        let supervisor = if driver == Driver::Process { parent(above) } else { above };
        assert_ne!(supervisor, std::process::id());
        kill_process(pid(supervisor), Signal::TERM).expect("it is there");
        let err = deferred.wait_for(LONG).expect_err("it was cancelled");
        assert_eq!(err.kind(), ErrorKind::Cancelled);
        assert!(eventually(|| !is_alive(worker) && !is_alive(supervisor)));
        let next = concurrent! { next => () }.driver(driver).defer().expect("there is another one");
        next.wait_for(LONG).expect("it ends well");
    }
}

pub(crate) fn what_a_signal_cuts_off_is_told() {
    let log = log_of("ends_its_supervisor_by_a_signal");
    for deferral in [1, 3] {
        let cut =
            "was cancelled: the supervisor of deferred tasks was told to end (SIGTERM) (worker ";
        assert_fates(&log, deferral, &[("0", cut), ("1", "never started: the supervisor")]);
        assert_fates(&log, deferral + 1, &[("next", "is done")]);
    }
}

fn ends_an_idle_supervisor_by_a_signal(dir: &Path) {
    let supervisor = supervisor_of_first(dir);
    kill_process(pid(supervisor), Signal::TERM).expect("it is there");
    assert!(eventually(|| !is_alive(supervisor)));
}

pub(crate) fn an_idle_supervisor_ends_by_a_signal() {
    let log = log_of("ends_an_idle_supervisor_by_a_signal");
    assert_fates(&log, 1, &[("first", "is done")]);
}

fn defers_more_than_its_supervisor_can_hold(dir: &Path) {
    let supervisor = supervisor_of_first(dir);
    let status =
        std::fs::read_to_string(format!("/proc/{supervisor}/status")).expect("it is there");
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:")).expect("it has one");
    let size: u64 = size.trim().trim_end_matches(" kB").parse().expect("a number");
    let room = rustix::process::Rlimit { current: Some((size + 32_768) * 1024), maximum: None };
    let limit = rustix::process::Resource::As;
    rustix::process::prlimit(Some(pid(supervisor)), limit, room).expect("it is ours");
    let bytes = vec![1_u8; 128 << 20];
    let two = concurrent! { for number in 0..2_usize => assert!(number < bytes.len()) };
    let err = two.defer().expect_err("there is no room for it");
    assert!(err.to_string().contains("refused"), "{err}");
    let next = concurrent! { next => () }.defer().expect("small ones are held");
    next.wait_for(LONG).expect("it ends well");
}

pub(crate) fn what_cannot_be_held_is_told() {
    let log = log_of("defers_more_than_its_supervisor_can_hold");
    assert_fates(&log, 1, &[("first", "is done")]);
    assert_fates(
        &log,
        2,
        &[("0", "never started: it was refused"), ("1", "never started: it was")],
    );
    assert_fates(&log, 3, &[("next", "is done")]);
    assert!(log.contains("deferral 2: refused, so that none of its tasks runs: "), "{log}");
}
