//! The worker's logger for `log`.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use log::{LevelFilter, Log, Metadata, Record};

use super::short::Short;
use super::utterance::{self, TEXT_LIMIT, Utterance};
use super::{Levels, speak};

/// Whether the logger of this process is ours.
static OURS: AtomicBool = AtomicBool::new(false);

/// Sets the level; installs the logger where there is none when somebody listens for the first time.
pub(super) fn listen(levels: Levels) {
    static ONCE: Once = Once::new();
    if levels.log() > 0 {
        ONCE.call_once(|| OURS.store(log::set_logger(&Forwarder).is_ok(), Ordering::Relaxed));
    }
    if OURS.load(Ordering::Relaxed) {
        let mut filters = LevelFilter::iter();
        log::set_max_level(filters.nth(levels.log().into()).unwrap_or(LevelFilter::Off));
    }
}

struct Forwarder;

impl Log for Forwarder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let own = |text: &str| Short::of(format_args!("{text}"), 1024);
        speak::say(&Utterance::Record(utterance::Record {
            level: record.level() as u8,
            target: own(record.target()),
            module: record.module_path().map(own),
            file: record.file().map(own),
            line: record.line(),
            text: Short::of(*record.args(), TEXT_LIMIT),
        }));
    }

    fn flush(&self) {}
}
