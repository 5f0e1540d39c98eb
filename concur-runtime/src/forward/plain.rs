//! What was recorded, as text: for the log of deferred work, which is read by people.

use std::fmt;

use super::utterance::Utterance;
#[cfg(feature = "tracing")]
use super::utterance::{Event, Value};

/// Something that was recorded: its level, target, message and fields, in one line unless the message
/// has more.
pub(crate) struct Spoken<'a>(What<'a>);

enum What<'a> {
    Said(&'a Utterance),
    Lost(u32),
}

impl<'a> Spoken<'a> {
    pub(super) fn said(utterance: &'a Utterance) -> Self {
        Self(What::Said(utterance))
    }

    /// So many were recorded and did not come.
    pub(super) fn lost(count: u32) -> Self {
        Self(What::Lost(count))
    }
}

impl fmt::Display for Spoken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            What::Said(utterance) => match utterance {
                #[cfg(feature = "tracing")]
                Utterance::Event(event) => write_event(event, f),
                #[cfg(feature = "log")]
                Utterance::Record(record) => {
                    write!(f, "{} {}: {}", level(record.level), record.target, record.text)
                }
            },
            What::Lost(count) => write!(
                f,
                "{} concur: {count} events were dropped: they were not read in time",
                level(2)
            ),
        }
    }
}

fn level(number: u8) -> &'static str {
    ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"]
        .get(usize::from(number).wrapping_sub(1))
        .copied()
        .unwrap_or("?")
}

/// The message first, then the other fields, then the spans that the event was in.
#[cfg(feature = "tracing")]
fn write_event(event: &Event, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{} {}:", level(event.site.level), event.site.target)?;
    let named = event.values.iter().filter_map(|(index, value)| {
        Some((event.site.fields.get(usize::try_from(*index).ok()?)?.as_str(), value))
    });
    let (message, fields): (Vec<_>, Vec<_>) = named.partition(|(name, _)| *name == "message");
    for (_, value) in message {
        match value {
            Value::Str(text) | Value::Text(text) => write!(f, " {text}")?,
            other => write!(f, " {other}")?,
        }
    }
    for (name, value) in fields {
        write!(f, " {name}={value}")?;
    }
    if event.spans.is_empty() { Ok(()) } else { write!(f, " spans={}", event.spans) }
}

#[cfg(feature = "tracing")]
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::I64(value) => write!(f, "{value}"),
            Self::U64(value) => write!(f, "{value}"),
            Self::F64(value) => write!(f, "{value}"),
            Self::Str(text) => write!(f, "{text:?}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}
