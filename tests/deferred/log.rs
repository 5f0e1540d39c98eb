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
