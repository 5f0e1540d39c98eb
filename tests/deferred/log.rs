//! The log of deferred work.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use concur::{Driver, ErrorKind, concurrent};

use crate::contract::Marks;
use crate::scenario::{Named, scenario};

pub(crate) const SCENARIOS: &[Named] = &[
    ("defers_four_tasks", defers_four_tasks),
    ("finds_that_the_log_cannot_be_opened", finds_that_the_log_cannot_be_opened),
    ("defers_what_fails", defers_what_fails),
    ("defers_one_that_fails", defers_one_that_fails),
];

fn defers_four_tasks(_dir: &Path) {
    for driver in [Driver::Process, Driver::Fork, Driver::Thread, Driver::Sync] {
        concurrent! {
            works => println!("the task speaks"),
            fails => {
                "many".parse::<u32>()?;
            },
        }
        .driver(driver)
        .defer()
        .expect("it can be deferred");
        concur::flush(Duration::from_secs(60)).expect("they end");
    }
}

pub(crate) fn it_has_a_line_for_each_task() {
    let marks = Marks::new();
    let path = marks.dir().join("deferred.log");
    let ended = scenario("defers_four_tasks")
        .env("CONCUR_DEFER_LOG", path.to_str().expect("it is text"))
        .succeeds();
    let log = std::fs::read_to_string(&path).expect("it was made");
    for number in 1..=4 {
        for what in [
            "deferred: `works`, `fails`",
            "task `works` is done",
            "task `fails` failed: invalid digit",
        ] {
            let line = format!("deferral {number}: {what}");
            assert_eq!(log.matches(&line).count(), 1, "{line}\n{log}");
        }
    }
    // What tasks print goes to the log where they run in another process.
    assert_eq!(log.matches("the task speaks").count(), 2, "{log}");
    assert_eq!(ended.stdout.matches("the task speaks").count(), 2, "{}", ended.stdout);
}

pub(crate) fn it_is_for_its_owner_alone() {
    let marks = Marks::new();
    let path = marks.dir().join("deferred.log");
    let text = path.to_str().expect("it is text");
    scenario("defers_four_tasks").env("CONCUR_DEFER_LOG", text).succeeds();
    let mode = std::fs::metadata(&path).expect("it was made").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// Told of every deferred task of this program that fails, where a variable asks for it.
#[concur::on_deferred_failure]
fn note(failure: &concur::TaskError) -> std::io::Result<()> {
    let Some(dir) = std::env::var_os("TOLD_IN") else { return Ok(()) };
    let file = Path::new(&dir).join(format!("{} {}", failure.task(), failure.attempts()));
    std::fs::write(file, format!("{}\n{failure}", failure.message()))
}

/// One that goes wrong itself, where a variable says how.
#[concur::on_deferred_failure]
fn go_wrong(failure: &concur::TaskError) {
    match std::env::var("GO_WRONG").as_deref() {
        Ok("panic") => panic!("not told of {}", failure.task()),
        Ok("abort") => std::process::abort(),
        _ => {}
    }
}

fn defers_what_fails(_dir: &Path) {
    for driver in [Driver::Process, Driver::Fork, Driver::Thread, Driver::Sync] {
        let name = driver.name().to_owned();
        let deferred = concurrent! { fails => Err::<(), _>(format!("no luck on {name}"))? };
        let deferred = deferred.driver(driver.clone()).retries(1).defer().expect("it can be");
        let err = deferred.wait_for(Duration::from_secs(60)).expect_err("it fails");
        assert_eq!(err.failures()[0].message(), format!("no luck on {driver}"));
        let dir = std::env::var_os("TOLD_IN").expect("it was set");
        let told = Path::new(&dir).join("fails 2");
        let is_told = || {
            let text = std::fs::read_to_string(&told);
            text.is_ok_and(|text| text.starts_with(&format!("no luck on {driver}\n")))
        };
        assert!(crate::contract::eventually(is_told), "{driver}");
        let text = std::fs::read_to_string(&told).expect("it is there");
        let in_worker = matches!(driver, Driver::Process | Driver::Fork);
        assert_eq!(text.contains("(worker "), in_worker, "{text}");
    }
}

pub(crate) fn hooks_are_told_of_failures() {
    let marks = Marks::new();
    let dir = marks.dir();
    let dir = dir.to_str().expect("it is text");
    scenario("defers_what_fails").env("TOLD_IN", dir).succeeds();
}

pub(crate) fn a_hook_that_goes_wrong_is_told_in_the_log() {
    for (how, said) in [("panic", "panicked: not told of fails"), ("abort", "SIGABRT")] {
        let marks = Marks::new();
        let dir = marks.dir();
        let log = dir.join("deferred.log");
        let text = |path: &Path| path.to_str().expect("it is text").to_owned();
        scenario("defers_one_that_fails")
            .env("GO_WRONG", how)
            .env("CONCUR_DEFER_LOG", &text(&log))
            .succeeds();
        let is_told = || {
            let log = std::fs::read_to_string(&log).unwrap_or_default();
            log.lines().any(|line| line.contains("on_deferred_failure") && line.contains(said))
        };
        assert!(crate::contract::eventually(is_told), "{:?}", std::fs::read_to_string(&log));
    }
}

fn defers_one_that_fails(_dir: &Path) {
    let deferred = concurrent! { fails => Err::<(), _>("no luck")? }.defer().expect("it can be");
    deferred.wait_for(Duration::from_secs(60)).expect_err("it fails");
}

fn finds_that_the_log_cannot_be_opened(_dir: &Path) {
    for driver in [Driver::Process, Driver::Fork, Driver::Thread, Driver::Sync] {
        let err = concurrent! { one => () }.driver(driver).defer().expect_err("there is no log");
        assert_eq!(err.kind(), ErrorKind::Config);
        let text = err.to_string();
        assert!(text.contains("CONCUR_DEFER_LOG") && text.contains("/nowhere/at/all"), "{text}");
    }
}

pub(crate) fn one_that_cannot_be_opened_is_told() {
    scenario("finds_that_the_log_cannot_be_opened")
        .env("CONCUR_DEFER_LOG", "/nowhere/at/all")
        .succeeds();
}
