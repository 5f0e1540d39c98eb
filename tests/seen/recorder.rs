//! A subscriber that keeps what it is told, for tests to look at.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

/// Fields by name, with values as text.
pub(crate) type Fields = BTreeMap<String, String>;

/// A span that was made.
#[derive(Debug, Clone)]
pub(crate) struct SpanSeen {
    /// Its number among all that were made.
    pub(crate) number: usize,
    pub(crate) name: &'static str,
    pub(crate) parent: Option<usize>,
    pub(crate) fields: Fields,
    pub(crate) entered: usize,
    pub(crate) closed: bool,
}

/// An event that was recorded.
#[derive(Debug, Clone)]
pub(crate) struct EventSeen {
    pub(crate) metadata: &'static Metadata<'static>,
    pub(crate) fields: Fields,
    /// The spans around it, the innermost first.
    pub(crate) scope: Vec<usize>,
}

impl EventSeen {
    pub(crate) fn message(&self) -> &str {
        self.fields.get("message").map_or("", String::as_str)
    }
}

#[derive(Default)]
struct Seen {
    spans: Vec<SpanSeen>,
    events: Vec<EventSeen>,
    /// The numbers of spans by their ids, which are used again.
    numbers: HashMap<u64, usize>,
}

/// What was recorded since it was made.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Seen>>);

impl Recorder {
    /// Events above `level` are not wanted.
    pub(crate) fn up_to(level: Level) -> (Self, impl Subscriber + Send + Sync) {
        let recorder = Self::default();
        let filter = tracing::level_filters::LevelFilter::from_level(level);
        (recorder.clone(), Registry::default().with(recorder).with(filter))
    }

    pub(crate) fn spans(&self, name: &str) -> Vec<SpanSeen> {
        self.lock().spans.iter().filter(|span| span.name == name).cloned().collect()
    }

    pub(crate) fn span(&self, number: usize) -> SpanSeen {
        self.lock().spans[number].clone()
    }

    /// Events with this target.
    pub(crate) fn events(&self, target: &str) -> Vec<EventSeen> {
        let seen = self.lock();
        seen.events.iter().filter(|event| event.metadata.target() == target).cloned().collect()
    }

    /// The task in whose span an event was recorded.
    pub(crate) fn task_of(&self, event: &EventSeen) -> Option<String> {
        let spans = event.scope.iter().map(|number| self.span(*number));
        spans
            .filter(|span| span.name == "concur.task")
            .find_map(|span| span.fields.get("task").cloned())
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, id: &Id, change: impl FnOnce(&mut SpanSeen)) {
        let mut seen = self.lock();
        let number = seen.numbers[&id.into_u64()];
        change(&mut seen.spans[number]);
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Recorder {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        let mut fields = Fields::new();
        attributes.record(&mut Gather(&mut fields));
        let parent = ctx.span(id).and_then(|span| Some(span.parent()?.id().into_u64()));
        let name = attributes.metadata().name();
        let mut seen = self.lock();
        let parent = parent.map(|parent| seen.numbers[&parent]);
        let number = seen.spans.len();
        seen.numbers.insert(id.into_u64(), number);
        seen.spans.push(SpanSeen { number, name, parent, fields, entered: 0, closed: false });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _ctx: Context<'_, S>) {
        self.change(id, |span| values.record(&mut Gather(&mut span.fields)));
    }

    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        let mut fields = Fields::new();
        event.record(&mut Gather(&mut fields));
        let scope = ctx.event_scope(event).into_iter().flatten();
        let scope: Vec<u64> = scope.map(|span| span.id().into_u64()).collect();
        let mut seen = self.lock();
        let scope = scope.iter().map(|id| seen.numbers[id]).collect();
        seen.events.push(EventSeen { metadata: event.metadata(), fields, scope });
    }

    fn on_enter(&self, id: &Id, _ctx: Context<'_, S>) {
        self.change(id, |span| span.entered += 1);
    }

    fn on_close(&self, id: Id, _ctx: Context<'_, S>) {
        self.change(&id, |span| span.closed = true);
    }
}

struct Gather<'a>(&'a mut Fields);

impl Visit for Gather<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), format!("str {value}"));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), format!("i64 {value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), format!("u64 {value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), format!("bool {value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}
