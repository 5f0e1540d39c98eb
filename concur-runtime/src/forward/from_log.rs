//! Events that were records of `log` first.
//!
//! `tracing-log` (`LogTracer`, which `tracing_subscriber::fmt().init()` installs) makes an event of each
//! record. They all have one site with the target `log`, and say in fields where they were recorded.
//! Subscribers look there if the site is that of `tracing-log`; ours in the caller is not, so what
//! stands in the fields becomes the site.

use super::utterance::{EventSite, Value};

const TARGET: &str = "log";

/// What an event of `tracing-log` has, in this order.
const FIELDS: [&str; 5] = ["message", "log.target", "log.module_path", "log.file", "log.line"];

/// Where a record was recorded, in place of where it became an event; other events stay as they are.
pub(super) fn unwrap(site: &mut EventSite, values: &mut Vec<(u32, Value)>) {
    if site.target != TARGET || site.fields != FIELDS {
        return;
    }
    for (index, value) in std::mem::take(values) {
        let field = usize::try_from(index).ok().and_then(|index| FIELDS.get(index));
        match (field.copied(), value) {
            (Some("log.target"), Value::Str(target)) => site.target = target,
            (Some("log.module_path"), Value::Str(module)) => site.module = Some(module),
            (Some("log.file"), Value::Str(file)) => site.file = Some(file),
            (Some("log.line"), Value::U64(line)) => site.line = u32::try_from(line).ok(),
            (Some("message"), value) => values.push((index, value)),
            _ => {}
        }
    }
    site.fields.truncate(1);
}
