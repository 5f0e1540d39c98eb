//! Spans of runs and of tasks, and what they say.

use std::future::IntoFuture;
use std::time::Duration;

use concur::{Config, Driver, concurrent};
use futures_lite::future::poll_once;
use serde::{Deserialize, Serialize};
use tracing::instrument::WithSubscriber;
use tracing::{Instrument, Level};

use super::harness::Check;
use super::recorder::{Recorder, SpanSeen};
use super::{HERE, WORKERS, watch};

pub(crate) const CHECKS: &[Check] = &[
    ("a_run_and_its_tasks_have_spans", a_run_and_its_tasks_have_spans),
    ("an_input_of_unknown_size_has_a_span", an_input_of_unknown_size_has_a_span),
    ("a_failure_is_told_to_who_debugs", a_failure_is_told_to_who_debugs),
    ("an_attempt_that_is_tried_again_is_a_warning", an_attempt_that_is_tried_again_is_a_warning),
    ("what_is_stopped_is_told_as_such", what_is_stopped_is_told_as_such),
    ("a_run_that_is_dropped_is_told_as_such", a_run_that_is_dropped_is_told_as_such),
    ("a_task_that_is_kept_back_has_one_span", a_task_that_is_kept_back_has_one_span),
    (
        "arguments_that_cannot_be_sent_are_told_as_such",
        arguments_that_cannot_be_sent_are_told_as_such,
    ),
    ("tasks_are_named_where_runs_are_not_wanted", tasks_are_named_where_runs_are_not_wanted),
    ("tasks_in_this_process_run_in_their_spans", tasks_in_this_process_run_in_their_spans),
    ("nothing_is_entered_between_polls", nothing_is_entered_between_polls),
    ("without_a_subscriber_a_run_goes_as_always", without_a_subscriber_a_run_goes_as_always),
];

fn field<'a>(span: &'a SpanSeen, name: &str) -> &'a str {
    span.fields.get(name).map_or("", String::as_str)
}

fn micros(span: &SpanSeen, name: &str) -> u64 {
    let text = field(span, name).strip_prefix("u64 ").expect("it is a number");
    text.parse().expect("it is a number")
}

/// The one span of a run, and those of its tasks.
fn one_run(seen: &Recorder) -> (SpanSeen, Vec<SpanSeen>) {
    let mut runs = seen.spans("concur.run");
    let run = runs.pop().expect("there was a run");
    assert!(runs.is_empty(), "there was one run");
    (run, seen.spans("concur.task"))
}

fn a_run_and_its_tasks_have_spans() {
    for driver in [Driver::Process, Driver::Fork, Driver::Thread, Driver::Sync] {
        let seen = watch(Level::INFO, || {
            let _outer = tracing::info_span!("outer").entered();
            let run = concurrent! { one => std::process::id(), two => 2 };
            let (one, _) = run.driver(driver.clone()).run().expect("both succeed");
            tracing::info!(target: "test", one, "the run is over");
        });
        let (run, mut tasks) = one_run(&seen);
        let outer = &seen.spans("outer")[0];
        assert_eq!(run.parent, Some(outer.number));
        assert_eq!(field(&run, "driver"), format!("str {driver}"));
        assert_eq!(field(&run, "policy"), "str fail-fast");
        assert_eq!(field(&run, "tasks"), "u64 2");
        assert_eq!(field(&run, "outcome"), "str done");
        assert!(run.closed && run.entered == 0, "{run:?}");
        // Afterwards the caller is where it was.
        let after = &seen.events("test")[0];
        assert_eq!(after.scope, [outer.number]);
        tasks.sort_by_key(|task| field(task, "index").to_owned());
        let names: Vec<&str> = tasks.iter().map(|task| field(task, "task")).collect();
        assert_eq!(names, ["str one", "str two"]);
        for (index, task) in tasks.iter().enumerate() {
            assert_eq!(task.parent, Some(run.number));
            assert_eq!(field(task, "index"), format!("u64 {index}"));
            assert_eq!(field(task, "attempt"), "u64 1");
            assert_eq!(field(task, "driver"), format!("str {driver}"));
            assert_eq!(field(task, "outcome"), "str done");
            assert!(micros(task, "waited_us") < 60_000_000 && micros(task, "ran_us") < 60_000_000);
            assert!(task.closed, "{task:?}");
        }
        assert_eq!(field(&tasks[0], "worker"), after.fields["one"], "the pid is the task's");
    }
}

fn an_input_of_unknown_size_has_a_span() {
    let seen = watch(Level::INFO, || {
        let words = ["a", "few"].map(String::from).into_iter().filter(|word| !word.is_empty());
        concurrent! { for word in words => word.len() }.settle().run().expect("they succeed");
    });
    let (run, tasks) = one_run(&seen);
    assert_eq!((field(&run, "tasks"), field(&run, "policy")), ("", "str settle"));
    assert_eq!(tasks.len(), 2);
}

fn a_failure_is_told_to_who_debugs() {
    let fails = || {
        let run = concurrent! { bad => "x".parse::<u32>()? };
        run.driver(Driver::Thread).run().expect_err("x is no number");
    };
    let seen = watch(Level::DEBUG, fails);
    let (run, tasks) = one_run(&seen);
    assert_eq!((field(&run, "outcome"), field(&tasks[0], "outcome")), ("failed", "failed"));
    let events = seen.events("concur");
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(*events[0].metadata.level(), Level::DEBUG);
    assert!(events[0].message().starts_with("task `bad` failed: invalid digit"), "{events:?}");
    assert_eq!(events[0].scope, [tasks[0].number, run.number]);
    // The caller has the error, and says itself what it means.
    assert!(watch(Level::INFO, fails).events("concur").is_empty());
}

fn an_attempt_that_is_tried_again_is_a_warning() {
    let seen = watch(Level::INFO, || {
        let run = concurrent! { flaky => "x".parse::<u32>()? };
        let run = run.retries(2).backoff(Duration::from_millis(1)).driver(Driver::Thread);
        run.run().expect_err("x is no number");
    });
    let (_, tasks) = one_run(&seen);
    let attempts: Vec<&str> = tasks.iter().map(|task| field(task, "attempt")).collect();
    assert_eq!(attempts, ["u64 1", "u64 2", "u64 3"]);
    assert!(tasks.iter().all(|task| field(task, "outcome") == "failed" && task.closed));
    let events = seen.events("concur");
    assert_eq!(events.len(), 2, "{events:?}");
    for (event, task) in events.iter().zip(&tasks) {
        assert_eq!(*event.metadata.level(), Level::WARN);
        assert!(event.message().starts_with("task `flaky` failed: "), "{event:?}");
        assert_eq!(Some(&event.fields["attempt"]), task.fields.get("attempt"));
        assert_eq!(event.scope.first(), Some(&task.number));
    }
}

fn what_is_stopped_is_told_as_such() {
    let seen = watch(Level::INFO, || {
        let run = concurrent! {
            hangs => loop { std::hint::spin_loop() },
            late => loop { std::hint::spin_loop() },
        };
        let run = run.settle().timeout(Duration::from_millis(20)).run();
        let (hangs, late): (Result<(), _>, Result<(), _>) = run.expect("it settles");
        assert!(hangs.is_err() && late.is_err());
    });
    let (_, tasks) = one_run(&seen);
    assert!(tasks.iter().all(|task| field(task, "outcome") == "timed out"), "{tasks:?}");
    assert!(tasks.iter().all(|task| micros(task, "ran_us") >= 20_000), "{tasks:?}");

    let marks = tempfile::TempDir::new().expect("there is room for a directory");
    let mark = marks.path().join("both run");
    let seen = watch(Level::INFO, || {
        let run = concurrent! {
            fails => {
                while !mark.exists() {
                    std::thread::yield_now();
                }
                Err("no")?;
            },
            hangs => {
                std::fs::write(&mark, "")?;
                loop { std::hint::spin_loop() }
            },
        };
        let run: Result<((), ()), _> = run.run();
        run.expect_err("one fails");
    });
    let (_, mut tasks) = one_run(&seen);
    tasks.sort_by_key(|task| field(task, "index").to_owned());
    let outcomes: Vec<&str> = tasks.iter().map(|task| field(task, "outcome")).collect();
    assert_eq!(outcomes, ["failed", "str cancelled"]);
}

fn a_run_that_is_dropped_is_told_as_such() {
    let seen = watch(Level::INFO, || {
        let mut outcomes = concurrent! { for n in 0..10_u32 => {
            assert!(n < 1, "nobody waits for this one");
            n
        } }
        .limit(1)
        .iter();
        assert!(matches!(outcomes.next(), Some((0, Ok(0)))));
    });
    let (run, tasks) = one_run(&seen);
    assert_eq!(field(&run, "outcome"), "str dropped");
    assert_eq!(field(&tasks[0], "outcome"), "str done");
    assert!(run.closed && tasks.iter().all(|task| task.closed), "{tasks:?}");
}

/// All workers are taken and no more than one task of a run waits for them: the others are kept back,
/// and launched when there is room.
fn a_task_that_is_kept_back_has_one_span() {
    Config::new().workers(2).queue_limit(0).install().expect("it is allowed");
    let marks = tempfile::TempDir::new().expect("there is room for a directory");
    let dir = marks.path().to_owned();
    let seen = watch(Level::INFO, || {
        futures_lite::future::block_on(async {
            let holds = concurrent! { for n in 0..2_u32 => {
                std::fs::write(dir.join(n.to_string()), "")?;
                while !dir.join("go").exists() {
                    std::thread::yield_now();
                }
            } };
            let mut holds = holds.into_future();
            while !(marks.path().join("0").exists() && marks.path().join("1").exists()) {
                assert!(poll_once(&mut holds).await.is_none(), "they wait");
            }
            let mut waits = concurrent! { for n in 0..4_u32 => n }.into_future();
            assert!(poll_once(&mut waits).await.is_none(), "all workers are taken");
            std::fs::write(marks.path().join("go"), "").expect("a mark can be left");
            holds.await.expect("they succeed");
            assert_eq!(waits.await.expect("they succeed"), [0, 1, 2, 3]);
        });
    });
    Config::new().workers(WORKERS).install().expect("it is allowed");
    let tasks = seen.spans("concur.task");
    assert_eq!(tasks.len(), 2 + 4, "{tasks:?}");
    assert!(tasks.iter().all(|task| task.closed && field(task, "outcome") == "str done"));
}

fn arguments_that_cannot_be_sent_are_told_as_such() {
    /// A type whose values cannot be encoded.
    #[derive(Deserialize)]
    struct Stubborn;

    impl Serialize for Stubborn {
        fn serialize<S: serde::Serializer>(&self, _serializer: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("never"))
        }
    }

    let seen = watch(Level::DEBUG, || {
        let stubborn = Stubborn;
        let run = concurrent! { task => { let Stubborn = stubborn; } };
        run.run().expect_err("it cannot be sent");
    });
    let (run, tasks) = one_run(&seen);
    assert_eq!((field(&run, "outcome"), tasks.len()), ("not encodable", 0));
}

fn tasks_are_named_where_runs_are_not_wanted() {
    let seen = watch(Level::WARN, || {
        let _outer = tracing::error_span!("outer").entered();
        concurrent! { named => tracing::warn!(target: "test", "look here") }
            .run()
            .expect("it ends");
    });
    assert!(seen.spans("concur.run").is_empty());
    let event = &seen.events("test")[0];
    assert_eq!(seen.task_of(event).as_deref(), Some("str named"));
    let task = &seen.spans("concur.task")[0];
    assert_eq!(task.parent, Some(seen.spans("outer")[0].number));
}

fn tasks_in_this_process_run_in_their_spans() {
    for driver in HERE {
        let seen = watch(Level::INFO, || {
            let run = concurrent! {
                left => tracing::info!(target: "test", "left"),
                right => tracing::info!(target: "test", "right"),
            };
            run.driver(driver.clone()).run().expect("both succeed");
        });
        let events = seen.events("test");
        assert_eq!(events.len(), 2, "{driver}: {events:?}");
        for event in &events {
            assert_eq!(seen.task_of(event), Some(format!("str {}", event.message())), "{driver}");
        }
    }
}

fn nothing_is_entered_between_polls() {
    let seen = watch(Level::INFO, || {
        let (subscriber, below) = (tracing::dispatcher::get_default(Clone::clone), 4);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(below).build();
        let runtime = runtime.expect("it starts");
        let runs = (0..8_u32).map(|n| {
            let run = async move {
                let run =
                    concurrent! { task => [n] tracing::info!(target: "test", n, "in the task") };
                run.await.expect("it succeeds");
                tracing::info!(target: "test", n, "after the task");
            };
            let outer = tracing::info_span!("outer", n);
            runtime.spawn(run.instrument(outer).with_subscriber(subscriber.clone()))
        });
        let runs: Vec<_> = runs.collect();
        for run in runs {
            runtime.block_on(run).expect("it does not panic");
        }
    });
    let runs = seen.spans("concur.run");
    assert_eq!(runs.len(), 8);
    for run in &runs {
        assert_eq!((run.entered, run.closed), (0, true), "{run:?}");
        let outer = seen.span(run.parent.expect("there is one around it"));
        assert_eq!(outer.name, "outer");
        let own = |text: &str| {
            let mut events = seen.events("test");
            events
                .retain(|event| event.message() == text && event.fields["n"] == outer.fields["n"]);
            assert_eq!(events.len(), 1, "{events:?}");
            events.remove(0).scope
        };
        let inside = own("in the task");
        assert_eq!(inside[1..], [run.number, outer.number]);
        assert_eq!(own("after the task"), [outer.number]);
    }
}

fn without_a_subscriber_a_run_goes_as_always() {
    let run = concurrent! { task => { tracing::error!("nobody hears this"); 1 } };
    assert_eq!(run.run().expect("it succeeds"), (1,));
}
