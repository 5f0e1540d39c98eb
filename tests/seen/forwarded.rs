//! What tasks record in other processes: what is wanted of it, and what it looks like when it comes.

use concur::{Driver, concurrent};
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::Registry;

use super::harness::Check;
use super::recorder::{EventSeen, Recorder};
use super::{ELSEWHERE, watch};

pub(crate) const CHECKS: &[Check] = &[
    ("events_come_in_the_span_of_their_task", events_come_in_the_span_of_their_task),
    ("a_filter_by_target_keeps_events_and_names", a_filter_by_target_keeps_events_and_names),
    ("events_are_what_they_were", events_are_what_they_were),
    ("spans_of_a_task_stand_beside_its_events", spans_of_a_task_stand_beside_its_events),
    (
        "records_of_log_are_events_of_their_own_targets",
        records_of_log_are_events_of_their_own_targets,
    ),
    ("what_nobody_wants_is_not_recorded", what_nobody_wants_is_not_recorded),
    ("a_long_text_is_cut", a_long_text_is_cut),
];

fn events_come_in_the_span_of_their_task() {
    for driver in ELSEWHERE {
        let seen = watch(Level::INFO, || {
            let run = concurrent! {
                left => for n in 0..50_u32 { tracing::info!(target: "test", n, "left") },
                right => for n in 0..50_u32 { tracing::info!(target: "test", n, "right") },
            };
            run.driver(driver.clone()).run().expect("both succeed");
        });
        let events = seen.events("test");
        for task in ["left", "right"] {
            let own: Vec<_> = events.iter().filter(|event| event.message() == task).collect();
            let numbers: Vec<String> = own.iter().map(|event| event.fields["n"].clone()).collect();
            let expected: Vec<String> = (0..50).map(|n| format!("u64 {n}")).collect();
            assert_eq!(numbers, expected, "{driver}");
            let named = |event: &&&EventSeen| seen.task_of(event) == Some(format!("str {task}"));
            assert_eq!(own.iter().filter(named).count(), 50, "{driver}");
        }
    }
}

fn a_filter_by_target_keeps_events_and_names() {
    for driver in ELSEWHERE {
        let recorder = Recorder::default();
        let filter = Targets::new().with_target("test", Level::INFO);
        let subscriber = Registry::default().with(recorder.clone()).with(filter);
        tracing::subscriber::with_default(subscriber, || {
            let run = concurrent! {
                named => {
                    let _span = tracing::info_span!(target: "test", "inside").entered();
                    tracing::info!(target: "test", n = 1, "wanted");
                    tracing::info!(target: "other", "not wanted");
                },
            };
            run.driver(driver.clone()).run().expect("it succeeds");
        });
        assert!(recorder.spans("concur.task").is_empty() && recorder.events("other").is_empty());
        let events = recorder.events("test");
        assert_eq!(events.len(), 1, "{driver}");
        let fields: Vec<(&str, &str)> =
            events[0].fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        let expected =
            [("message", "wanted"), ("n", "i64 1"), ("spans", "str inside"), ("task", "str named")];
        assert_eq!(fields, expected, "{driver}");
    }
}

fn events_are_what_they_were() {
    /// A type with a text of its own.
    #[derive(Debug)]
    #[expect(dead_code, reason = "it is printed")]
    struct Point {
        x: u8,
    }
    for driver in ELSEWHERE {
        let seen = watch(Level::TRACE, || {
            let run = concurrent! {
                task => {
                    let text = String::from("a \"text\"");
                    tracing::trace!(
                        target: "test",
                        number = -7,
                        large = u64::MAX,
                        is_true = true,
                        text,
                        point = ?Point { x: 3 },
                        shown = %"shown",
                        none = tracing::field::Empty,
                        "a message with {}",
                        "a value"
                    );
                },
            };
            run.driver(driver.clone()).run().expect("it succeeds");
        });
        let event = seen.events("test").remove(0);
        let metadata = event.metadata;
        assert_eq!((*metadata.level(), metadata.target()), (Level::TRACE, "test"));
        assert_eq!(metadata.file(), Some(file!()));
        assert!(metadata.line().is_some() && metadata.name().starts_with("event tests/seen"));
        assert_eq!(metadata.module_path(), Some(module_path!()));
        let expected = [
            ("is_true", "bool true"),
            ("large", "u64 18446744073709551615"),
            ("message", "a message with a value"),
            ("number", "i64 -7"),
            ("point", "Point { x: 3 }"),
            ("shown", "shown"),
            ("text", "str a \"text\""),
        ];
        let fields: Vec<(&str, &str)> =
            event.fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(fields, expected, "{driver}");
    }
}

fn spans_of_a_task_stand_beside_its_events() {
    #[tracing::instrument(target = "test")]
    fn load(id: u32) {
        let inner = tracing::info_span!("query", rows = tracing::field::Empty);
        let _entered = inner.enter();
        inner.record("rows", 12);
        tracing::info!(target: "test", "inside");
    }
    for driver in ELSEWHERE {
        let seen = watch(Level::INFO, || {
            let run = concurrent! {
                task => {
                    load(7);
                    tracing::info!(target: "test", "outside");
                },
            };
            run.driver(driver.clone()).run().expect("it succeeds");
        });
        let events = seen.events("test");
        assert_eq!(events[0].fields["spans"], "str load{id=7}:query{rows=12}", "{driver}");
        assert!(!events[1].fields.contains_key("spans"), "{driver}");
    }
}

/// By the logger that most programs with a subscriber have; a fork has a copy of it.
fn records_of_log_are_events_of_their_own_targets() {
    tracing_log::LogTracer::init().expect("there is no other logger");
    let recorder = Recorder::default();
    let filter = Targets::new().with_target("lt", Level::WARN);
    let subscriber = Registry::default().with(recorder.clone()).with(filter);
    tracing::subscriber::with_default(subscriber, || {
        let run = concurrent! {
            named => {
                log::warn!(target: "lt", "disk {}", "full");
                log::warn!(target: "other", "not wanted");
                log::info!(target: "lt", "not wanted");
                line!()
            },
        };
        let (line,) = run.driver(Driver::Fork).run().expect("it succeeds");
        let events = recorder.events("lt");
        let [event] = &events[..] else { panic!("there is one: {events:?}") };
        let metadata = event.metadata;
        assert_eq!(
            (*metadata.level(), metadata.module_path()),
            (Level::WARN, Some(module_path!()))
        );
        assert_eq!((metadata.file(), metadata.line()), (Some(file!()), Some(line - 3)));
        let fields: Vec<(&str, &str)> =
            event.fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(fields, [("message", "disk full"), ("task", "str named")]);
    });
    log::set_max_level(log::LevelFilter::Off);
    assert!(recorder.events("other").is_empty() && recorder.events("log").is_empty());
}

fn what_nobody_wants_is_not_recorded() {
    let wanted = |driver: &Driver| {
        let run = concurrent! {
            task => [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE]
                .map(|level| match level {
                    Level::ERROR => tracing::enabled!(Level::ERROR),
                    Level::WARN => tracing::enabled!(Level::WARN),
                    Level::INFO => tracing::enabled!(Level::INFO),
                    Level::DEBUG => tracing::enabled!(Level::DEBUG),
                    Level::TRACE => tracing::enabled!(Level::TRACE),
                }),
        };
        run.driver(driver.clone()).run().expect("it succeeds").0
    };
    for driver in ELSEWHERE {
        // The same worker, one after the other: what is wanted changes with each request.
        watch(Level::WARN, || assert_eq!(wanted(&driver), [true, true, false, false, false]));
        watch(Level::TRACE, || assert_eq!(wanted(&driver), [true; 5]));
        assert_eq!(wanted(&driver), [false; 5], "{driver}: nobody listens");
        watch(Level::INFO, || assert_eq!(wanted(&driver), [true, true, true, false, false]));
    }
}

fn a_long_text_is_cut() {
    for driver in ELSEWHERE {
        let seen = watch(Level::INFO, || {
            let run = concurrent! {
                task => tracing::info!(target: "test", rest = "r", "{}", "x".repeat(100_000)),
            };
            run.driver(driver.clone()).run().expect("it succeeds");
        });
        let event = seen.events("test").remove(0);
        assert!(event.message().len() < 9_000, "{driver}");
        assert!(event.message().ends_with(" bytes left out)"), "{driver}");
    }
}
