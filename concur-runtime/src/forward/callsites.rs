//! Events that were recorded in a worker, recorded here once more.
//!
//! In `tracing` an event belongs to a callsite: a static that says what kind of event it is, and that
//! subscribers are asked about once. For an event from a worker there is none here that could be found
//! (the same static is in this binary, but safe code has no way from its words to it). So a callsite is
//! made for each kind when its first event comes, and kept for good: there are only as many as the
//! program's source has places that record. Filters, formats and levels then see the event as it was.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock};

use tracing::field::{Field, FieldSet, display};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Level, Metadata, dispatcher};
use tracing_core::callsite::{Callsite, Identifier, register};
use tracing_core::metadata::Kind;

use super::utterance::{Event, EventSite, Value};
use crate::locks::lock;
use crate::sys::process_local::ProcessLocal;

/// More kinds than this no program has; a worker that has gone mad could make them up.
const LIMIT: usize = 16 * 1024;

/// What stands beside an event's own fields, where it is known: the name of its task, if no span tells
/// it, and the task's own spans.
pub(super) struct Beside<'a> {
    pub(super) task: Option<&'a str>,
    pub(super) spans: Option<&'a str>,
}

impl<'a> Beside<'a> {
    /// By the names of the fields.
    fn fields(&self) -> impl Iterator<Item = (&'static str, &'a str)> + use<'a> {
        let task = self.task.map(|task| ("task", task));
        task.into_iter().chain(self.spans.map(|spans| ("spans", spans)))
    }
}

/// The callsites made so far, by what they are made of: which fields stand beside makes another one.
static KNOWN: ProcessLocal<Mutex<Known>> = ProcessLocal::new();

type Known = HashMap<(EventSite, Vec<&'static str>), &'static Site>;

/// A callsite made for a kind of event.
struct Site {
    metadata: OnceLock<Metadata<'static>>,
    interest: AtomicU8,
}

const NEVER: u8 = 0;
const SOMETIMES: u8 = 1;
const ALWAYS: u8 = 2;

impl Callsite for Site {
    fn set_interest(&self, interest: Interest) {
        let interest = match () {
            () if interest.is_never() => NEVER,
            () if interest.is_always() => ALWAYS,
            () => SOMETIMES,
        };
        self.interest.store(interest, Relaxed);
    }

    fn metadata(&self) -> &Metadata<'_> {
        self.metadata.get().expect("it is filled before anybody can see the site")
    }
}

/// Records an event in the current span of this thread. `false` if it is of one kind too many.
pub(super) fn record(event: Event, task: Option<&str>) -> bool {
    let beside = Beside { task, spans: Some(&*event.spans).filter(|spans| !spans.is_empty()) };
    let Some(level) = level(event.site.level) else { return false };
    if level > LevelFilter::current() {
        return true;
    }
    let Some(site) = find(event.site, level, &beside) else { return false };
    let Some(metadata) = site.metadata.get() else { return false };
    dispatcher::get_default(|dispatch| {
        let is_wanted = match site.interest.load(Relaxed) {
            NEVER => false,
            ALWAYS => true,
            _ => dispatch.enabled(metadata),
        };
        if is_wanted {
            with_values(metadata, &event.values, &beside, |event| dispatch.event(event));
        }
    });
    true
}

/// The callsite of a kind of event, made if it is new.
fn find(site: EventSite, level: Level, beside: &Beside<'_>) -> Option<&'static Site> {
    let known = KNOWN.get(Mutex::default);
    let mut known = lock(known);
    let key = (site, beside.fields().map(|(name, _)| name).collect());
    if let Some(site) = known.get(&key) {
        return Some(site);
    }
    if known.len() >= LIMIT {
        return None;
    }
    let made = make(&key.0, level, &key.1);
    known.insert(key, made);
    drop(known);
    // Asks the subscribers, which may be the user's and may do anything.
    register(made);
    Some(made)
}

fn make(site: &EventSite, level: Level, beside: &[&'static str]) -> &'static Site {
    let new = Site { metadata: OnceLock::new(), interest: AtomicU8::new(SOMETIMES) };
    let made: &'static Site = Box::leak(Box::new(new));
    let mut names: Vec<&'static str> = site.fields.iter().map(|name| keep(name)).collect();
    names.extend(beside);
    let fields = FieldSet::new(Vec::leak(names), Identifier(made));
    made.metadata.get_or_init(|| {
        Metadata::new(
            keep(&site.name),
            keep(&site.target),
            level,
            site.file.as_deref().map(keep),
            site.line,
            site.module.as_deref().map(keep),
            fields,
            Kind::EVENT,
        )
    });
    made
}

fn keep(text: &str) -> &'static str {
    String::leak(text.to_owned())
}

fn level(number: u8) -> Option<Level> {
    Some(match number {
        1 => Level::ERROR,
        2 => Level::WARN,
        3 => Level::INFO,
        4 => Level::DEBUG,
        5 => Level::TRACE,
        _ => return None,
    })
}

/// The macros of `tracing` take so many fields.
const MOST_FIELDS: usize = 32;

/// Builds the event from its values. They are listed in an array, whose length must be known when this
/// is compiled: what is left over has no value.
fn with_values(
    metadata: &'static Metadata<'static>,
    values: &[(u32, Value)],
    beside: &Beside<'_>,
    tell: impl FnOnce(&tracing::Event<'_>),
) {
    let fields: Vec<Field> = metadata.fields().iter().collect();
    let own = values.iter().filter_map(|(index, value)| {
        let field = fields.get(usize::try_from(*index).ok()?)?;
        let value: Box<dyn tracing::Value + '_> = match value {
            Value::Bool(value) => Box::new(value),
            Value::I64(value) => Box::new(value),
            Value::U64(value) => Box::new(value),
            Value::F64(value) => Box::new(value),
            Value::Str(value) => Box::new(value.as_str()),
            Value::Text(value) => Box::new(display(value)),
        };
        Some((field, value))
    });
    // The last fields are those beside its own.
    let beside: Vec<(&'static str, &str)> = beside.fields().collect();
    let last = fields.iter().skip(fields.len().saturating_sub(beside.len()));
    let last = last.zip(&beside).map(|(field, (_, value))| {
        let value: Box<dyn tracing::Value + '_> = Box::new(*value);
        (field, value)
    });
    let all: Vec<_> = own.take(MOST_FIELDS - beside.len()).chain(last).collect();
    let Some(first) = fields.first() else {
        let none: [(&Field, Option<&dyn tracing::Value>); 0] = [];
        return tell(&tracing::Event::new(metadata, &metadata.fields().value_set(&none)));
    };
    let mut listed: [(&Field, Option<&dyn tracing::Value>); MOST_FIELDS] =
        [(first, None); MOST_FIELDS];
    for (place, (field, value)) in listed.iter_mut().zip(&all) {
        *place = (field, Some(&**value));
    }
    tell(&tracing::Event::new(metadata, &metadata.fields().value_set(&listed)));
}
