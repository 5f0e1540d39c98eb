//! The settings that exist: the name of each, what it may be, and how it is read from text.
//!
//! The environment and the file know the same ones, so that a setting is written down here once.
//! Knows neither of them: they say where a value came from.

use super::{DeferLogLevel, LANES_ALLOWED, MOST_LANES, Options, WhenFull, nearest::nearest};
use crate::{duration, size};

/// One setting.
pub(super) struct Known {
    /// As it stands in a file; in the environment it is in upper case.
    pub(super) name: &'static str,
    /// What it may be, for messages.
    pub(super) allowed: &'static str,
    #[cfg_attr(not(feature = "config-file"), expect(dead_code, reason = "files have types"))]
    pub(super) form: Form,
    read: fn(&str, &mut Options) -> Option<()>,
}

/// What a setting is written as where values have types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Number,
    Switch,
    Text,
}

const COUNT: &str = "a whole number from 1";
const ANY_NUMBER: &str = "a whole number from 0";
const SWITCH: &str = "`true`, `1`, `false` or `0`";

/// All settings but the driver, which is no driver's own.
pub(super) static ALL: [Known; 16] = [
    number("workers", COUNT, |text, into| {
        put(
            &mut into.workers,
            count(text).map(|count| usize::try_from(count).unwrap_or(usize::MAX)),
        )
    }),
    text("timeout", duration::ALLOWED, |text, into| put(&mut into.timeout, duration::parse(text))),
    text("deadline", duration::ALLOWED, |text, into| {
        put(&mut into.deadline, duration::parse(text))
    }),
    number("tasks_per_worker", COUNT, |text, into| put(&mut into.tasks_per_worker, count(text))),
    number("async_tasks_per_worker", LANES_ALLOWED, |text, into| {
        let count = text.parse().ok().filter(|count| (1..=MOST_LANES).contains(count));
        put(&mut into.async_tasks_per_worker, count)
    }),
    switch("isolated", |text, into| put(&mut into.isolated, on_or_off(text))),
    number("retries", ANY_NUMBER, |text, into| put(&mut into.retries, text.parse().ok())),
    text("backoff", duration::ALLOWED, |text, into| put(&mut into.backoff, duration::parse(text))),
    text("memory_limit", size::ALLOWED_LIMIT, |text, into| {
        let bytes = size::parse(text).filter(|bytes| *bytes >= size::LEAST_LIMIT);
        put(&mut into.memory_limit, bytes)
    }),
    number("queue_limit", ANY_NUMBER, |text, into| put(&mut into.queue_limit, text.parse().ok())),
    text("when_full", WhenFull::ALLOWED, |text, into| {
        put(&mut into.when_full, WhenFull::from_name(text))
    }),
    text("idle_timeout", duration::ALLOWED_OR_NEVER, |text, into| {
        put(&mut into.idle_timeout, duration::parse_or_never(text))
    }),
    number("nested_limit", COUNT, |text, into| {
        let depth = count(text).map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        put(&mut into.nested_limit, depth)
    }),
    switch("fork_with_threads", |text, into| put(&mut into.fork_with_threads, on_or_off(text))),
    text("start_limit", duration::ALLOWED, |text, into| {
        put(&mut into.start_limit, duration::parse(text))
    }),
    text("defer_log_level", DeferLogLevel::ALLOWED, |text, into| {
        put(&mut into.defer_log_level, DeferLogLevel::from_name(text))
    }),
];

const fn number(
    name: &'static str,
    allowed: &'static str,
    read: fn(&str, &mut Options) -> Option<()>,
) -> Known {
    Known { name, allowed, form: Form::Number, read }
}

const fn text(
    name: &'static str,
    allowed: &'static str,
    read: fn(&str, &mut Options) -> Option<()>,
) -> Known {
    Known { name, allowed, form: Form::Text, read }
}

const fn switch(name: &'static str, read: fn(&str, &mut Options) -> Option<()>) -> Known {
    Known { name, allowed: SWITCH, form: Form::Switch, read }
}

impl Known {
    /// The setting of this name, as it stands in a file.
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|known| known.name == name)
    }

    /// Reads a value; `None` if it is not allowed, and then nothing is changed.
    pub(super) fn read(&self, value: &str, into: &mut Options) -> Option<()> {
        (self.read)(value, into)
    }
}

/// The name that was meant, if one is near; `more` are allowed there besides.
#[cfg_attr(not(feature = "config-file"), expect(dead_code, reason = "for keys of files"))]
pub(super) fn meant<'a>(name: &str, more: &[&'a str]) -> Option<&'a str> {
    nearest(name, ALL.iter().map(|known| known.name).chain(more.iter().copied()))
}

fn put<T>(place: &mut Option<T>, value: Option<T>) -> Option<()> {
    *place = Some(value?);
    Some(())
}

fn count(text: &str) -> Option<u64> {
    text.parse().ok().filter(|count| *count > 0)
}

fn on_or_off(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}
