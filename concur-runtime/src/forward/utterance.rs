//! One event or record, as it travels.

use serde::{Deserialize, Serialize};

/// What a task recorded.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Utterance {
    /// For `tracing`.
    #[cfg(feature = "tracing")]
    Event(Event),
    /// For `log`.
    #[cfg(feature = "log")]
    Record(Record),
}

/// So many bytes of text an event or a record has at the most; what is longer is cut.
pub(super) const TEXT_LIMIT: usize = 8 * 1024;

/// An event for `tracing`.
#[cfg(feature = "tracing")]
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Event {
    pub(super) site: EventSite,
    /// The fields that have values, by their place in the site's list.
    pub(super) values: Vec<(u32, Value)>,
    /// The spans of the task that were open, the outermost first; empty if none was.
    pub(super) spans: String,
}

/// Where an event stands in the source, and what kind of event it is.
#[cfg(feature = "tracing")]
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct EventSite {
    pub(super) name: String,
    pub(super) target: String,
    /// From 1 for errors to 5.
    pub(super) level: u8,
    pub(super) module: Option<String>,
    pub(super) file: Option<String>,
    pub(super) line: Option<u32>,
    pub(super) fields: Vec<String>,
}

/// The value of a field.
#[cfg(feature = "tracing")]
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Value {
    Bool(bool),
    I64(i64),
    U64(u64),
    F64(f64),
    /// A string.
    Str(String),
    /// What something else looks like.
    Text(String),
}

/// A record for `log`.
#[cfg(feature = "log")]
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    /// From 1 for errors to 5.
    pub(super) level: u8,
    pub(super) target: String,
    pub(super) module: Option<String>,
    pub(super) file: Option<String>,
    pub(super) line: Option<u32>,
    pub(super) text: String,
}
