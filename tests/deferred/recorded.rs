//! What deferred tasks record for `tracing` and `log` is in the log of deferred work, where nobody else
//! could hear it.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use concur::{Config, DeferLogLevel, Driver, TaskError, concurrent};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;

use crate::contract::Marks;
use crate::harness::Check;
use crate::scenario::{Ended, Named, Scenario, scenario};

pub(crate) const SCENARIOS: &[Named] = &[
    ("defers_what_records", defers_what_records),
    ("defers_what_records_too_much_of_it", defers_what_records_too_much_of_it),
    ("installs_a_level_and_defers", installs_a_level_and_defers),
    ("records_and_dies", records_and_dies),
    ("defers_with_a_subscriber_of_its_own", defers_with_a_subscriber_of_its_own),
];

pub(crate) const CHECKS: &[Check] = &[
    ("what_tasks_record_is_in_the_log", what_tasks_record_is_in_the_log),
    ("the_level_is_a_setting", the_level_is_a_setting),
    ("the_level_can_be_installed", the_level_can_be_installed),
    ("what_was_recorded_before_a_crash_is_in_the_log", what_was_recorded_before_a_crash_is_there),
    ("a_flood_is_in_the_log_or_counted", a_flood_is_in_the_log_or_counted),
    ("on_other_drivers_the_program_hears_it_itself", on_other_drivers_the_program_hears_it_itself),
    ("what_hooks_record_is_in_the_log", what_hooks_record_is_in_the_log),
    ("without_a_log_they_record_for_nobody", without_a_log_they_record_for_nobody),
];

const ELSEWHERE: [Driver; 2] = [Driver::Process, Driver::Fork];
const LONG: Duration = Duration::from_secs(60);

fn played(scenario: Scenario) -> (String, Ended) {
    let marks = Marks::new();
    let path = marks.dir().join("deferred.log");
    let ended = scenario.env("CONCUR_DEFER_LOG", path.to_str().expect("text")).succeeds();
    (std::fs::read_to_string(&path).expect("it was made"), ended)
}

/// The lines of a deferral behind their time, without the numbers of processes, which must stand there.
fn lines(log: &str, deferral: u64) -> Vec<String> {
    let of_it = |line: &str| {
        // What more lines a message has are indented.
        if line.starts_with(' ') {
            return None;
        }
        let (time, line) = line.split_once(' ')?;
        let (process, text) = line.split_once(' ')?;
        assert!(time.ends_with('Z') && process.starts_with("concur["), "{line}");
        let text = text.strip_prefix(&format!("deferral {deferral}"))?;
        let text = text.strip_prefix(": ").unwrap_or(text);
        let (before, after) = text.split_once(" (worker ")?;
        let (pid, after) = after.split_once(')')?;
        assert!(pid.parse::<u32>().is_ok(), "{text}");
        Some(format!("{before}{after}"))
    };
    log.lines().filter_map(of_it).collect()
}

#[tracing::instrument(target = "shop")]
fn send(order: u32) {
    tracing::info!(target: "shop", to = "a \"friend\"", copies = 2, seen = true, "sent {order}");
}

fn defers_what_records(_dir: &Path) {
    for driver in ELSEWHERE {
        let many = concurrent! {
            mail => {
                send(17);
                tracing::debug!(target: "shop", "not wanted");
                tracing::error!(target: "shop", point = ?(1, 2), "two\nlines");
                log::warn!(target: "till", "{} left", 3);
                log::debug!(target: "till", "not wanted");
            },
        };
        let deferred = many.driver(driver.clone()).defer().expect("it can be deferred");
        deferred.wait_for(LONG).expect("it ends well");
        let same = concurrent! { for n in 0..2_u32 => tracing::warn!(target: "shop", n) };
        let deferred = same.limit(1).driver(driver).defer().expect("it can be deferred");
        deferred.wait_for(LONG).expect("it ends well");
    }
}

fn what_tasks_record_is_in_the_log() {
    let (log, ended) = played(scenario("defers_what_records"));
    for deferral in [1, 3] {
        let expected = [
            "task `mail`: INFO shop: sent 17 to=\"a \\\"friend\\\"\" copies=2 seen=true \
             spans=send{order=17}",
            "task `mail`: ERROR shop: two",
            "task `mail`: WARN till: 3 left",
        ];
        assert_eq!(lines(&log, deferral), expected, "{log}");
        let expected = [", item 0: task `n`: WARN shop: n=0", ", item 1: task `n`: WARN shop: n=1"];
        assert_eq!(lines(&log, deferral + 1), expected, "{log}");
    }
    assert_eq!(log.matches("\n    lines point=(1, 2)\n").count(), 2, "{log}");
    assert!(!log.contains("not wanted"), "{log}");
    // Before what became of the task.
    let at = |what: &str| log.find(what).expect(what);
    assert!(at("3 left") < at("task `mail` is done"), "{log}");
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""));
}

fn the_level_is_a_setting() {
    for (level, expected) in
        [("off", 0), ("error", 1), ("warn", 2), ("info", 3), ("debug", 4), ("trace", 4)]
    {
        let scenario = scenario("defers_what_records").env("CONCUR_DEFER_LOG_LEVEL", level);
        let (log, _) = played(scenario);
        let of_shop = ["ERROR shop", "WARN shop: n=0", "INFO shop", "DEBUG shop"];
        let there = of_shop.iter().filter(|what| log.contains(**what)).count();
        assert_eq!(there, expected, "{level}: {log}");
        assert_eq!(log.contains("WARN till"), expected >= 2, "{level}: {log}");
        assert_eq!(log.contains("DEBUG till"), expected >= 4, "{level}: {log}");
        assert_eq!(log.matches(" is done").count(), 6, "{level}: {log}");
    }
}

fn installs_a_level_and_defers(_dir: &Path) {
    Config::new().defer_log_level(DeferLogLevel::Debug).install().expect("it is allowed");
    for driver in ELSEWHERE {
        let task = concurrent! { task => tracing::debug!(target: "shop", "heard") };
        let deferred = task.driver(driver).defer().expect("it can be deferred");
        deferred.wait_for(LONG).expect("it ends well");
    }
}

fn the_level_can_be_installed() {
    let (log, _) = played(scenario("installs_a_level_and_defers"));
    for deferral in 1..=2 {
        assert_eq!(lines(&log, deferral), ["task `task`: DEBUG shop: heard"], "{log}");
    }
}

fn records_and_dies(_dir: &Path) {
    for driver in ELSEWHERE {
        let task = concurrent! {
            task => {
                tracing::info!(target: "shop", "the last word");
                if true { std::process::abort() }
            },
        };
        let deferred = task.driver(driver).defer().expect("it can be deferred");
        deferred.wait_for(LONG).expect_err("it dies");
    }
}

fn what_was_recorded_before_a_crash_is_there() {
    let (log, _) = played(scenario("records_and_dies"));
    for deferral in 1..=2 {
        let lines = lines(&log, deferral);
        assert_eq!(lines[0], "task `task`: INFO shop: the last word", "{log}");
        assert!(lines[1].starts_with("task `task` was killed by SIGABRT"), "{log}");
    }
}

fn defers_what_records_too_much_of_it(_dir: &Path) {
    let flood =
        concurrent! { flood => for n in 0..20_000_u32 { tracing::info!(target: "shop", n) } };
    flood.defer().expect("it can be deferred").wait_for(LONG).expect("it ends well");
}

fn a_flood_is_in_the_log_or_counted() {
    let (log, _) = played(scenario("defers_what_records_too_much_of_it"));
    let lines = lines(&log, 1);
    let mut numbers = Vec::new();
    let mut dropped = 0;
    for line in &lines {
        if let Some(number) = line.strip_prefix("task `flood`: INFO shop: n=") {
            numbers.push(number.parse::<usize>().expect("a number"));
        } else {
            let text =
                line.strip_prefix("task `flood`: WARN concur: ").expect("nothing else is there");
            let (count, _) = text.split_once(" events were dropped").expect("it says how many");
            dropped += count.parse::<usize>().expect("a number");
        }
    }
    assert!(numbers.is_sorted(), "they come in their order");
    assert_eq!(numbers.len() + dropped, 20_000);
}

/// A subscriber that writes into a file, so that what its forks hear is seen as well.
struct IntoFile(File);

impl<S: tracing::Subscriber> Layer<S> for IntoFile {
    fn on_event(&self, event: &tracing::Event<'_>, _context: Context<'_, S>) {
        if event.metadata().target().starts_with("on ") {
            let line = format!("{}\n", event.metadata().target());
            (&self.0).write_all(line.as_bytes()).expect("there is room");
        }
    }
}

fn defers_with_a_subscriber_of_its_own(dir: &Path) {
    let file = File::options().create(true).append(true).open(dir.join("heard"));
    let subscriber = Registry::default().with(IntoFile(file.expect("it can be made")));
    tracing::subscriber::set_global_default(subscriber).expect("there is none yet");
    for driver in ELSEWHERE.into_iter().chain([Driver::Thread, Driver::Sync]) {
        let name = driver.name().to_owned();
        let task = concurrent! {
            task => match &*name {
                "process" => tracing::info!(target: "on process", "heard"),
                "fork" => tracing::info!(target: "on fork", "heard"),
                "thread" => tracing::info!(target: "on thread", "heard"),
                _ => tracing::info!(target: "on sync", "heard"),
            },
        };
        let deferred = task.driver(driver).defer().expect("it can be deferred");
        deferred.wait_for(LONG).expect("it ends well");
    }
}

fn on_other_drivers_the_program_hears_it_itself() {
    let heard = |ended: &Ended| {
        let path = ended.marks.dir().join("heard");
        std::fs::read_to_string(path).expect("it was made")
    };
    let (log, ended) = played(scenario("defers_with_a_subscriber_of_its_own"));
    assert_eq!(heard(&ended), "on thread\non sync\n");
    assert_eq!(lines(&log, 1), ["task `task`: INFO on process: heard"], "{log}");
    assert_eq!(lines(&log, 2), ["task `task`: INFO on fork: heard"], "{log}");
    assert!(!log.contains("INFO on thread") && !log.contains("INFO on sync"), "{log}");
    // Without a log a fork has what its program has.
    let ended = scenario("defers_with_a_subscriber_of_its_own").succeeds();
    assert_eq!(heard(&ended), "on fork\non thread\non sync\n");
}

/// Records as well, where a variable asks for it.
#[concur::on_deferred_failure]
fn record(failure: &TaskError) {
    if std::env::var_os("HOOKS_RECORD").is_none() {
        return;
    }
    tracing::warn!(target: "hook", "told of {}", failure.task());
}

fn what_hooks_record_is_in_the_log() {
    let marks = Marks::new();
    let path = marks.dir().join("deferred.log");
    scenario("defers_one_that_fails")
        .env("HOOKS_RECORD", "1")
        .env("CONCUR_DEFER_LOG", path.to_str().expect("text"))
        .succeeds();
    // The program does not wait for its hooks.
    let log = || std::fs::read_to_string(&path).unwrap_or_default();
    let is_told = || log().contains(": WARN hook: told of fails");
    assert!(crate::contract::eventually(is_told), "{}", log());
}

fn without_a_log_they_record_for_nobody() {
    // As before: it costs them nothing, and the program says nothing in their name.
    let ended = scenario("defers_what_records").succeeds();
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""));
}
