//! What tasks record in other processes.

use std::time::Duration;

use concur::{Driver, ErrorKind, concurrent};
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::Registry;

use super::harness::Check;
use super::recorder::{EventSeen, Recorder};
use super::{ELSEWHERE, watch};

pub(crate) const CHECKS: &[Check] = &[
    ("a_subscriber_that_is_there_already_stays", a_subscriber_that_is_there_already_stays),
    ("events_come_in_the_span_of_their_task", events_come_in_the_span_of_their_task),
    ("a_filter_by_target_keeps_events_and_names", a_filter_by_target_keeps_events_and_names),
    ("events_are_what_they_were", events_are_what_they_were),
    ("spans_of_a_task_stand_beside_its_events", spans_of_a_task_stand_beside_its_events),
    ("what_was_recorded_before_a_crash_is_there", what_was_recorded_before_a_crash_is_there),
    ("what_was_recorded_before_a_timeout_is_there", what_was_recorded_before_a_timeout_is_there),
    (
        "records_of_log_are_events_of_their_own_targets",
        records_of_log_are_events_of_their_own_targets,
    ),
    ("what_nobody_wants_is_not_recorded", what_nobody_wants_is_not_recorded),
    ("a_flood_is_told_in_order_or_counted", a_flood_is_told_in_order_or_counted),
    ("a_caller_who_does_not_read_holds_up_no_task", a_caller_who_does_not_read_holds_up_no_task),
    ("a_long_text_is_cut", a_long_text_is_cut),
    ("other_threads_of_a_task_are_heard", other_threads_of_a_task_are_heard),
    ("what_a_task_leaves_behind_speaks_for_itself", what_a_task_leaves_behind_speaks_for_itself),
    ("blocks_inside_tasks_are_heard", blocks_inside_tasks_are_heard),
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

fn what_was_recorded_before_a_crash_is_there() {
    for driver in ELSEWHERE {
        let seen = watch(Level::INFO, || {
            let run = concurrent! {
                aborts => {
                    tracing::info!(target: "test", "aborts");
                    std::process::abort()
                },
                exits => {
                    tracing::info!(target: "test", "exits");
                    std::process::exit(3)
                },
                panics => {
                    tracing::info!(target: "test", "panics");
                    panic!("no luck")
                },
            };
            let run = run.settle().driver(driver.clone()).run();
            let (aborts, exits, panics): (Result<(), _>, Result<(), _>, Result<(), _>) =
                run.expect("it settles");
            let kinds = [aborts, exits, panics].map(|one| one.expect_err("it does not end").kind());
            assert_eq!(kinds, [ErrorKind::Killed, ErrorKind::Exited, ErrorKind::Panicked]);
        });
        let events = seen.events("test");
        for task in ["aborts", "exits", "panics"] {
            let event = events.iter().find(|event| event.message() == task);
            let event = event.unwrap_or_else(|| panic!("{driver}: {task} was heard: {events:?}"));
            assert_eq!(seen.task_of(event), Some(format!("str {task}")), "{driver}");
        }
    }
}

fn what_was_recorded_before_a_timeout_is_there() {
    let came_to_it = |driver: &Driver, timeout: Duration| {
        let marks = tempfile::TempDir::new().expect("there is room for a directory");
        let mark = marks.path().join("recorded");
        let seen = watch(Level::INFO, || {
            let run = concurrent! {
                hangs => {
                    tracing::info!(target: "test", "here it begins");
                    std::fs::write(&mark, "")?;
                    loop { std::hint::spin_loop() }
                },
            };
            let run: Result<((),), _> = run.timeout(timeout).driver(driver.clone()).run();
            assert_eq!(run.expect_err("it hangs").kind(), ErrorKind::TimedOut);
        });
        let came_to_it = mark.exists();
        assert!(!came_to_it || seen.events("test").len() == 1, "{driver}");
        came_to_it
    };
    for driver in ELSEWHERE {
        // On a machine that has other things to do, the task may not have come so far.
        let timeouts = [50, 500, 5_000, 50_000].map(Duration::from_millis);
        assert!(timeouts.into_iter().any(|timeout| came_to_it(&driver, timeout)), "{driver}");
    }
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

/// How many events of a flood came, in order, and how many were lost on the way.
fn came_and_lost(seen: &Recorder) -> (u64, u64) {
    let number = |text: &String| -> u64 {
        let digits = text.split_once(' ').map_or("", |(_, digits)| digits);
        digits.parse().expect("it is a number")
    };
    let numbers: Vec<u64> =
        seen.events("test").iter().filter_map(|event| event.fields.get("n").map(number)).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next), "in order");
    let lost = seen.events("concur").into_iter().filter(|event| {
        assert_eq!(*event.metadata.level(), Level::WARN);
        assert!(event.message().contains("events of task `flood"), "{event:?}");
        true
    });
    (numbers.len() as u64, lost.map(|event| number(&event.fields["lost"])).sum())
}

fn a_flood_is_told_in_order_or_counted() {
    const MANY: u64 = 100_000;
    for driver in ELSEWHERE {
        let seen = watch(Level::INFO, || {
            let run = concurrent! {
                flood => for n in 0..MANY { tracing::info!(target: "test", n, "one of many") },
            };
            run.driver(driver.clone()).run().expect("it ends");
        });
        let (came, lost) = came_and_lost(&seen);
        assert_eq!(came + lost, MANY, "{driver}: {came} came");
        assert!(came > 0, "{driver}");
    }
}

fn a_caller_who_does_not_read_holds_up_no_task() {
    const MANY: u64 = 20_000;
    let marks = tempfile::TempDir::new().expect("there is room for a directory");
    let (go, done) = (marks.path().join("go"), marks.path().join("done"));
    let seen = watch(Level::INFO, || {
        let floods = [false, true];
        let outcomes = concurrent! { for floods in floods => {
            if floods {
                while !go.exists() {
                    std::thread::yield_now();
                }
                for n in 0..MANY {
                    tracing::info!(target: "test", n, "one of many");
                }
                std::fs::write(&done, "")?;
            }
        } }
        .driver(Driver::Process);
        let mut outcomes = outcomes.limit(2).iter();
        // The first one has ended. Until the next is asked for nobody reads what the other says.
        assert!(matches!(outcomes.next(), Some((0, Ok(())))));
        std::fs::write(&go, "").expect("a mark can be left");
        while !done.exists() {
            std::thread::yield_now();
        }
        assert!(matches!(outcomes.next(), Some((1, Ok(())))));
    });
    let (came, lost) = came_and_lost(&seen);
    assert_eq!(came + lost, MANY, "{came} came");
    assert!(lost > 0, "nobody read them");
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

fn other_threads_of_a_task_are_heard() {
    let seen = watch(Level::INFO, || {
        let run = concurrent! {
            task => {
                let say = || for n in 0..100_u32 { tracing::info!(target: "test", n, "heard") };
                std::thread::scope(|scope| { (0..4).for_each(|_| { scope.spawn(say); }) });
            },
        };
        run.driver(Driver::Process).run().expect("it succeeds");
    });
    assert_eq!(seen.events("test").len(), 400);
}

fn what_a_task_leaves_behind_speaks_for_itself() {
    let said = tempfile::TempDir::new().expect("there is room for a directory");
    let (go, mark) = (said.path().join("go"), said.path().join("said"));
    let seen = watch(Level::INFO, || {
        let left = concurrent! {
            leaves => {
                let (go, mark) = (go.clone(), mark.clone());
                std::thread::spawn(move || {
                    while !go.exists() {
                        std::thread::yield_now();
                    }
                    tracing::info!(target: "test", "still here");
                    std::fs::write(mark, "").expect("a mark can be left");
                });
                std::process::id()
            },
        };
        let (leaves,) = left.run().expect("it succeeds");
        std::fs::write(&go, "").expect("a mark can be left");
        while !mark.exists() {
            std::thread::yield_now();
        }
        let (next,) = concurrent! { next => std::process::id() }.run().expect("it succeeds");
        assert_eq!(leaves, next, "the same worker again");
    });
    let events = seen.events("test");
    assert_eq!(events.len(), 1);
    assert_eq!(seen.task_of(&events[0]), None, "it is not what the next task said");
}

fn blocks_inside_tasks_are_heard() {
    for driver in ELSEWHERE {
        let seen = watch(Level::INFO, || {
            let run = concurrent! {
                outer => {
                    concurrent! { inner => tracing::info!(target: "test", "far inside") }.run()?;
                },
            };
            run.driver(driver.clone()).run().expect("it succeeds");
        });
        let events = seen.events("test");
        assert_eq!(events.len(), 1, "{driver}");
        assert_eq!(seen.task_of(&events[0]).as_deref(), Some("str outer"), "{driver}");
        let spans = &events[0].fields["spans"];
        assert!(spans.contains("concur.task{task=\"inner\""), "{driver}: {spans}");
    }
}

/// First, when no worker has one of ours, and it takes its worker along.
fn a_subscriber_that_is_there_already_stays() {
    let install = concurrent! {
        installs => {
            tracing::subscriber::set_global_default(Recorder::up_to(Level::TRACE).1)?;
            std::process::id()
        },
    };
    let (installs,) = install.run().expect("nobody listens yet, so there is none");
    let seen = watch(Level::INFO, || {
        let run = concurrent! {
            records => {
                tracing::info!(target: "test", "for the one that is there");
                (std::process::id(), tracing::enabled!(Level::TRACE))
            },
        };
        let (records,) = run.run().expect("it succeeds");
        assert_eq!(records, (installs, true), "the same worker, and its own subscriber");
    });
    assert!(seen.events("test").is_empty(), "it did not come here");
    let gone: Result<((),), _> = concurrent! { ends => std::process::abort() }.run();
    assert_eq!(gone.expect_err("it is gone").failures()[0].pid(), Some(installs));
}
