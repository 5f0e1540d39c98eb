//! The worker's subscriber for `tracing`: events are said to the caller, spans are kept as the text
//! that stands beside the events inside them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, OnceLock};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Dispatch, Level, Metadata, Subscriber, dispatcher};
use tracing_core::span::Current;

use super::short::Short;
use super::utterance::{Event, EventSite, TEXT_LIMIT, Utterance, Value};
use super::{Levels, from_log, speak};
use crate::locks::lock;

/// So many bytes a span has at the most, with those around it.
const SPANS_LIMIT: usize = 1024;

/// Our subscriber in this process, made when somebody listens for the first time.
static DISPATCH: OnceLock<Dispatch> = OnceLock::new();

/// Changes which events are wanted. Installs the subscriber where there is none.
pub(super) fn listen(levels: Levels) {
    if DISPATCH.get().is_some() {
        tracing_core::callsite::rebuild_interest_cache();
    } else if levels.tracing() > 0 {
        // Where a hook has installed one already, that one stays.
        let _ = dispatcher::set_global_default(dispatch().clone());
    }
}

/// Works with our subscriber on this thread, whatever is installed for the process.
pub(super) fn in_its_place<R>(levels: Levels, work: impl FnOnce() -> R) -> R {
    if levels.tracing() == 0 {
        return work();
    }
    dispatcher::with_default(dispatch(), work)
}

fn dispatch() -> &'static Dispatch {
    DISPATCH.get_or_init(|| Dispatch::new(Forwarder::default()))
}

/// What a level is on the wire: 1 for errors to 5.
fn number(level: Level) -> u8 {
    match level {
        Level::ERROR => 1,
        Level::WARN => 2,
        Level::INFO => 3,
        Level::DEBUG => 4,
        Level::TRACE => 5,
    }
}

#[derive(Default)]
struct Forwarder {
    spans: Mutex<HashMap<u64, Span>>,
    last_id: AtomicU64,
}

/// A span that somebody still holds.
struct Span {
    /// Its name and fields, those of the spans around it before.
    text: Short,
    metadata: &'static Metadata<'static>,
    handles: usize,
}

thread_local! {
    /// The spans that are entered on this thread, the innermost at the end.
    static ENTERED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

impl Forwarder {
    fn spans(&self) -> MutexGuard<'_, HashMap<u64, Span>> {
        lock(&self.spans)
    }

    /// The text of the span that something belongs to; empty for none.
    fn around(&self, parent: Option<&Id>, is_contextual: bool) -> String {
        let current = || ENTERED.with_borrow(|entered| entered.last().copied());
        let id = parent.map(Id::into_u64).or_else(|| current().filter(|_| is_contextual));
        let Some(id) = id else { return String::new() };
        self.spans().get(&id).map(|span| span.text.clone().finish()).unwrap_or_default()
    }
}

impl Subscriber for Forwarder {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        // When the level changes, all are asked again.
        if self.enabled(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        number(*metadata.level()) <= speak::levels().tracing()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match speak::levels().tracing() {
            0 => LevelFilter::OFF,
            1 => LevelFilter::ERROR,
            2 => LevelFilter::WARN,
            3 => LevelFilter::INFO,
            4 => LevelFilter::DEBUG,
            _ => LevelFilter::TRACE,
        })
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut text = Short::new(SPANS_LIMIT);
        let around = self.around(attributes.parent(), attributes.is_contextual());
        let separator = if around.is_empty() { "" } else { ":" };
        let metadata = attributes.metadata();
        let _ = write!(text, "{around}{separator}{}", metadata.name());
        attributes.record(&mut InBraces { text: &mut text, is_open: false });
        let id = self.last_id.fetch_add(1, Relaxed) + 1;
        self.spans().insert(id, Span { text, metadata, handles: 1 });
        Id::from_u64(id)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        // Formatted before the lock is taken: what is formatted is the user's, and may record too.
        let mut text = Short::new(SPANS_LIMIT);
        values.record(&mut InBraces { text: &mut text, is_open: false });
        let text = text.finish();
        if let Some(span) = self.spans().get_mut(&id.into_u64()) {
            let _ = span.text.write_str(&text);
        }
    }

    fn record_follows_from(&self, _id: &Id, _follows: &Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let metadata = event.metadata();
        let mut values = Values { values: Vec::new(), left: TEXT_LIMIT };
        event.record(&mut values);
        let mut values = values.values;
        let mut site = EventSite {
            name: metadata.name().to_owned(),
            target: metadata.target().to_owned(),
            level: number(*metadata.level()),
            module: metadata.module_path().map(str::to_owned),
            file: metadata.file().map(str::to_owned),
            line: metadata.line(),
            fields: metadata.fields().iter().map(|field| field.name().to_owned()).collect(),
        };
        from_log::unwrap(&mut site, &mut values);
        let spans = self.around(event.parent(), event.is_contextual());
        speak::say(&Utterance::Event(Event { site, values, spans }));
    }

    fn enter(&self, id: &Id) {
        ENTERED.with_borrow_mut(|entered| entered.push(id.into_u64()));
    }

    fn exit(&self, id: &Id) {
        ENTERED.with_borrow_mut(|entered| {
            if let Some(at) = entered.iter().rposition(|entered| *entered == id.into_u64()) {
                entered.remove(at);
            }
        });
    }

    fn clone_span(&self, id: &Id) -> Id {
        if let Some(span) = self.spans().get_mut(&id.into_u64()) {
            span.handles += 1;
        }
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let mut spans = self.spans();
        let Some(span) = spans.get_mut(&id.into_u64()) else { return false };
        span.handles -= 1;
        let is_last = span.handles == 0;
        if is_last {
            spans.remove(&id.into_u64());
        }
        is_last
    }

    fn current_span(&self) -> Current {
        let Some(id) = ENTERED.with_borrow(|entered| entered.last().copied()) else {
            return Current::none();
        };
        match self.spans().get(&id) {
            Some(span) => Current::new(Id::from_u64(id), span.metadata),
            None => Current::none(),
        }
    }
}

/// Writes the fields of a span behind its name.
struct InBraces<'a> {
    text: &'a mut Short,
    is_open: bool,
}

impl Visit for InBraces<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let before = if self.is_open { " " } else { "{" };
        self.is_open = true;
        let _ = write!(self.text, "{before}{}={value:?}", field.name());
    }
}

impl Drop for InBraces<'_> {
    fn drop(&mut self) {
        if self.is_open {
            let _ = self.text.write_str("}");
        }
    }
}

/// Gathers the values of an event, in `left` bytes of text.
struct Values {
    values: Vec<(u32, Value)>,
    left: usize,
}

impl Values {
    fn add(&mut self, field: &Field, value: Value) {
        self.values.push((u32::try_from(field.index()).unwrap_or(u32::MAX), value));
    }

    fn short(&mut self, text: fmt::Arguments<'_>) -> String {
        let short = Short::of(text, self.left);
        self.left = self.left.saturating_sub(short.len());
        short
    }
}

impl Visit for Values {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, Value::Bool(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, Value::I64(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, Value::U64(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, Value::F64(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let short = self.short(format_args!("{value}"));
        self.add(field, Value::Str(short));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let short = self.short(format_args!("{value:?}"));
        self.add(field, Value::Text(short));
    }
}
