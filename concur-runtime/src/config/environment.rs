//! Settings from environment variables: `CONCUR_<SETTING>` for all drivers,
//! `CONCUR_<DRIVER>_<SETTING>` for one.

use std::ffi::OsString;

use super::{Choice, Options, Source};
use crate::driver::Driver;
use crate::duration;
use crate::error::Error;

/// Reads all variables; the first mistake is the error.
pub(super) fn read(variable: impl Fn(&str) -> Option<OsString>) -> Result<Source, Error> {
    let text = |name: &str| -> Result<Option<String>, Error> {
        match variable(name).map(OsString::into_string) {
            None => Ok(None),
            Some(Ok(value)) => Ok(Some(value)),
            Some(Err(value)) => Err(mistake(name, &value.to_string_lossy(), "text in UTF-8")),
        }
    };
    let driver = text(DRIVER)?.map(Choice::Name);
    let mut source = Source { driver, all: options("CONCUR", &text)?, ..Source::default() };
    for driver in Driver::BUILT_IN {
        let prefix = format!("CONCUR_{}", driver.name().to_uppercase());
        let options = options(&prefix, &text)?;
        if options != Options::default() {
            source.per_driver.push((driver, options));
        }
    }
    Ok(source)
}

/// The driver that is named in the environment.
pub(super) fn driver(name: &str) -> Result<Driver, Error> {
    Driver::from_name(name).ok_or_else(|| mistake(DRIVER, name, &Driver::known_names()))
}

const DRIVER: &str = "CONCUR_DRIVER";

fn options(
    prefix: &str,
    text: &impl Fn(&str) -> Result<Option<String>, Error>,
) -> Result<Options, Error> {
    let read = |setting: &str| -> Result<Option<(String, String)>, Error> {
        let name = format!("{prefix}_{setting}");
        Ok(text(&name)?.map(|value| (name, value)))
    };
    let count = |setting: &str| -> Result<Option<u64>, Error> {
        parse(read(setting)?, "a whole number from 1", |value| {
            value.parse().ok().filter(|count| *count > 0)
        })
    };
    let time = |setting: &str| parse(read(setting)?, duration::ALLOWED, duration::parse);
    let switch = |setting: &str| {
        parse(read(setting)?, "`true`, `1`, `false` or `0`", |value| match value {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        })
    };
    Ok(Options {
        workers: count("WORKERS")?.map(|count| usize::try_from(count).unwrap_or(usize::MAX)),
        timeout: time("TIMEOUT")?,
        deadline: time("DEADLINE")?,
        tasks_per_worker: count("TASKS_PER_WORKER")?,
        isolated: switch("ISOLATED")?,
        retries: parse(read("RETRIES")?, "a whole number from 0", |value| value.parse().ok())?,
        backoff: time("BACKOFF")?,
        memory_limit: None,
        nested_limit: count("NESTED_LIMIT")?.map(|count| u32::try_from(count).unwrap_or(u32::MAX)),
        fork_with_threads: switch("FORK_WITH_THREADS")?,
    })
}

fn parse<T>(
    found: Option<(String, String)>,
    allowed: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Error> {
    let Some((name, value)) = found else { return Ok(None) };
    match parse(value.trim()) {
        Some(parsed) => Ok(Some(parsed)),
        None => Err(mistake(&name, &value, allowed)),
    }
}

fn mistake(name: &str, value: &str, allowed: &str) -> Error {
    Error::config(format!(
        "environment variable {name}: `{value}` is not allowed: allowed is {allowed}"
    ))
}
