//! What a file may say, and what a mistake in it is told like.

use std::time::Duration;

use super::*;

fn parse_text(text: &str) -> Result<Source, Error> {
    parse(&FileText { path: "concur.toml".to_owned(), text: text.to_owned() })
}

#[test]
fn settings_for_all_and_for_drivers() {
    let source = parse_text(
        "driver = ' thread ' # or another\nworkers = 1_0\ntimeout = \"1.5s\"\nisolated = true\n\n\
         [process]\nworkers = 0x10\n[engine.remote]\nretries = 0\n[sync]\n",
    )
    .expect("it is right");
    let Some(Choice::Name { name, place }) = source.driver else { panic!("it names one") };
    assert_eq!((name.as_str(), place.as_str()), ("thread", "concur.toml:1: `driver`"));
    assert_eq!(source.all.workers, Some(10));
    assert_eq!(source.all.timeout, Some(Duration::from_millis(1500)));
    assert_eq!(source.all.isolated, Some(true));
    let of = |driver: &Driver| {
        let found = source.per_driver.iter().find(|(known, _)| known == driver);
        found.map(|(_, options)| options.clone()).expect("there is a table")
    };
    assert_eq!(of(&Driver::Process).workers, Some(16));
    assert_eq!(of(&Driver::Named("remote".into())).retries, Some(0));
    assert_eq!(of(&Driver::Sync), Options::default());
}

#[test]
fn an_empty_file_says_nothing() {
    assert_eq!(parse_text("").expect("it is right"), Source::default());
    assert_eq!(parse_text("# nothing yet\r\n").expect("it is right"), Source::default());
}

#[test]
fn a_mistake_names_file_line_setting_value_and_what_is_allowed() {
    for (text, expected) in [
        (
            "\nworkers = 0",
            "concur.toml:2: `workers`: `0` is not allowed: allowed is a whole number",
        ),
        ("workers = -3", "concur.toml:1: `workers`: `-3` is not allowed"),
        ("workers = 1.5", "`1.5` is not allowed: allowed is a whole number from 1, without quotes"),
        ("workers = '4'", "`'4'` is not allowed: allowed is a whole number from 1, without quotes"),
        ("workers = 99999999999999999999999", "is not allowed"),
        ("[fork]\nworkers = []", "concur.toml:2: `fork.workers`: `an array` is not allowed"),
        ("timeout = 30", "`timeout`: `30` is not allowed: allowed is a number above zero"),
        ("timeout = 'soon'", "`'soon'` is not allowed"),
        ("timeout = '0s'", "`'0s'` is not allowed"),
        ("timeout = 07:32:00", "`07:32:00` is not allowed"),
        ("isolated = 1", "`1` is not allowed: allowed is `true` or `false`, without quotes"),
        ("isolated = 'true'", "allowed is `true` or `false`, without quotes"),
        ("driver = 3", "`driver`: `3` is not allowed: allowed is the name of a driver"),
        (
            "process = 3",
            "concur.toml:1: `process`: `3` is not allowed: allowed is a table, `[process]`",
        ),
        ("[[process]]", "allowed is a table, `[process]`"),
        (
            "[engine]\nworkers = 3",
            "concur.toml:2: `engine.workers`: `3` is not allowed: allowed is a table",
        ),
        ("engine = 3", "allowed is a table for each engine"),
    ] {
        let message = parse_text(text).expect_err(text).to_string();
        assert!(message.contains(expected), "{text:?}: {message}");
    }
}

#[test]
fn what_is_unknown_is_told_with_what_was_meant() {
    for (text, expected) in [
        ("\n\nworker = 2", "concur.toml:3: there is no setting `worker`: is `workers` meant?"),
        ("drivers = 'fork'", "there is no setting `drivers`: is `driver` meant?"),
        (
            "colour = 'red'",
            "there is no setting `colour`: allowed are driver, process, fork, thread, sync, engine, workers",
        ),
        (
            "[thread]\ntime_out = '1s'",
            ":2: there is no setting `thread.time_out`: is `timeout` meant?",
        ),
        ("[thread]\ndriver = 'fork'", "`thread.driver`: it stands at the top"),
        ("[proces]\nworkers = 2", "no driver for the table `[proces]`: is `[process]` meant?"),
        ("[remote]\nworkers = 2", "`[engine.remote]` for an engine of the program's own"),
        ("[engine.Remote]\nworkers = 2", "concur.toml:1: `[engine.Remote]`: `Remote` cannot name"),
        ("[engine.fork]\nworkers = 2", "the driver `fork` is built in"),
    ] {
        let message = parse_text(text).expect_err(text).to_string();
        assert!(message.contains(expected), "{text:?}: {message}");
    }
}

#[test]
fn what_is_not_toml_is_told_with_its_line() {
    for (text, line) in [
        ("workers = 1\nworkers 2", 2),
        ("workers =", 1),
        ("a = 1\n\n[process", 3),
        ("workers = 1\nworkers = 2", 2),
        ("timeout = \"30s", 1),
        ("timeout = 30s", 1),
    ] {
        let message = parse_text(text).expect_err(text).to_string();
        let expected = format!("concur.toml:{line}: this is not TOML: ");
        assert!(message.starts_with(&expected), "{text:?}: {message}");
        assert!(!message.contains('\n'), "{message}");
    }
}

#[test]
fn what_stands_there_twice_is_named() {
    for (text, expected) in [
        (
            "workers = 1\n\nworkers = 2",
            "concur.toml:3: this is not TOML: there is a `workers` already",
        ),
        ("[process]\n[process]\n", "concur.toml:2: this is not TOML: there is a `process` already"),
        ("[fork]\nworkers = 1\nworkers = 2", ":3: this is not TOML: there is a `workers` already"),
        (
            "engine.a.workers = 1\nengine.a.workers = 2",
            ":2: this is not TOML: there is a `workers` already",
        ),
    ] {
        let message = parse_text(text).expect_err(text).to_string();
        assert!(message.ends_with(expected), "{text:?}: {message}");
    }
}

#[test]
fn a_long_line_is_shown_in_part() {
    let text = format!("timeout = '{}'", "x".repeat(10_000));
    let message = parse_text(&text).expect_err("it is none").to_string();
    assert!(message.len() < 400, "{message}");
}
