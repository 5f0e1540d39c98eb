//! How faked tasks end.

use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use concur::testing::{Answer, fake};
use concur::{Driver, Error, ErrorKind, Failure, TaskError, concurrent};
use serde::{Deserialize, Serialize};

use super::{DRIVERS, never};

/// The failure of the one task `x`.
fn failure_of(answer: Answer) -> TaskError {
    let fake = fake();
    fake.always("x", answer);
    let err = concurrent! { x => never::<u64>() }.run().expect_err("it fails");
    assert_eq!(err.failures().len(), 1);
    err.failures()[0].clone()
}

#[test]
fn a_value_is_given_on_every_driver_and_nothing_runs() -> Result<(), Error> {
    for driver in DRIVERS {
        let fake = fake();
        fake.returns("users", 10_u64).returns("names", vec!["Ada".to_owned()]);
        let (users, names) =
            concurrent! { users => never::<u64>(), names => never::<Vec<String>>() }
                .driver(driver)
                .run()?;
        assert_eq!((users, names), (10, vec!["Ada".to_owned()]));
    }
    Ok(())
}

#[test]
fn an_answer_that_stands_is_given_again_and_again_and_can_be_replaced() -> Result<(), Error> {
    let fake = fake();
    fake.returns("n", 1_u8);
    let run = || concurrent! { n => never::<u8>() }.run();
    assert_eq!((run()?, run()?), ((1,), (1,)));
    fake.returns("n", 2_u8);
    assert_eq!(run()?, (2,));
    Ok(())
}

#[test]
fn values_of_every_shape_arrive() -> Result<(), Error> {
    let fake = fake();
    let large = vec![7_u8; 200_000];
    fake.returns("unit", ()).returns("bytes", large.clone());
    fake.returns("result", Err::<u8, String>("inside".to_owned()));
    fake.returns("nothing", None::<String>);
    let results = concurrent! {
        unit => (),
        bytes => never::<Vec<u8>>(),
        result => never::<Result<u8, String>>(),
        nothing => never::<Option<String>>(),
    };
    assert_eq!(results.run()?, ((), large, Err("inside".to_owned()), None));
    Ok(())
}

#[test]
fn a_failure_reads_like_a_real_one() {
    let failure = failure_of(Answer::fails("down"));
    assert_eq!((failure.kind(), failure.message()), (ErrorKind::Failed, "down"));
    assert_eq!(failure.to_string(), "task `x` failed: down");
    assert_eq!((failure.attempts(), failure.may_have_run(), failure.pid()), (1, true, None));
    assert!(failure.file().ends_with("answers.rs"), "{}", failure.file());
}

#[test]
fn a_failure_has_its_chain() {
    let err = anyhow::anyhow!("the cable is cut").context("no route").context("no answer");
    let failure = failure_of(Answer::fails(err));
    assert_eq!(failure.message(), "no answer");
    let source = failure.source().expect("a cause");
    assert_eq!(source.to_string(), "no route");
    assert_eq!(source.source().expect("another").to_string(), "the cable is cut");
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Unknown {
    sku: u32,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nobody knows {}", self.sku)
    }
}

impl std::error::Error for Unknown {}

#[test]
fn an_error_can_travel_as_data() {
    let failure = failure_of(Answer::fails_with(Unknown { sku: 7 }));
    assert_eq!(failure.message(), "nobody knows 7");
    assert_eq!(failure.decode_error(), Some(Unknown { sku: 7 }));
    assert_eq!(failure_of(Answer::fails(Unknown { sku: 7 })).decode_error::<Unknown>(), None);
}

#[test]
fn a_panic_has_its_message_and_the_place_in_the_test() {
    let line = line!() + 1;
    let failure = failure_of(Answer::panics("no luck"));
    assert_eq!((failure.kind(), failure.message()), (ErrorKind::Panicked, "no luck"));
    let panic = failure.panic().expect("it panicked");
    assert_eq!((panic.file(), panic.line()), (Some(file!()), Some(line)));
    assert!(failure.to_string().starts_with("task `x` panicked: no luck, at "), "{failure}");
}

#[test]
fn a_timeout_names_the_limit_that_the_task_has() {
    let fake = fake();
    fake.times_out("x");
    let x = || concurrent! { x => never::<u64>() };
    let limit = Duration::from_secs(7);
    for (err, text) in [
        (x().timeout(limit).run(), "task `x` ran past its timeout of 7s and was stopped"),
        (
            x().deadline(Duration::from_secs(3600)).run(),
            "task `x` was not done when the deadline of its run passed",
        ),
        (x().run(), "task `x` ran past its timeout"),
    ] {
        let err = err.expect_err("it times out");
        assert_eq!((err.kind(), err.to_string().as_str()), (ErrorKind::TimedOut, text));
        assert!(err.failures()[0].may_have_run());
    }
}

#[test]
fn deaths_read_like_real_ones() {
    let killed = failure_of(Answer::is_killed());
    assert_eq!((killed.kind(), killed.signal()), (ErrorKind::Killed, Some(9)));
    assert_eq!(killed.to_string(), "task `x` was killed by SIGKILL");
    let crashed = failure_of(Answer::is_killed_by(11));
    assert_eq!(crashed.to_string(), "task `x` was killed by SIGSEGV");
    let exited = failure_of(Answer::exits(3));
    assert_eq!((exited.kind(), exited.exit_code()), (ErrorKind::Exited, Some(3)));
    assert_eq!(exited.to_string(), "task `x` exited with code 3 before it gave a result");
    let starved = failure_of(Answer::runs_out_of_memory());
    assert_eq!(starved.kind(), ErrorKind::OutOfMemory);
    for failure in [killed, crashed, exited, starved] {
        assert_eq!((failure.attempts(), failure.may_have_run()), (1, true), "{failure}");
    }
}

#[test]
fn what_never_ran_says_so() {
    let unstarted = failure_of(Answer::cannot_start("no memory"));
    assert_eq!(unstarted.to_string(), "task `x` could not start: no memory");
    let cancelled = failure_of(Answer::is_cancelled());
    assert_eq!(cancelled.to_string(), "task `x` was cancelled");
    let refused = failure_of(Answer::finds_no_room());
    assert!(refused.to_string().starts_with("task `x` found no room: "), "{refused}");
    for (failure, kind) in [
        (unstarted, ErrorKind::Start),
        (cancelled, ErrorKind::Cancelled),
        (refused, ErrorKind::Overloaded),
    ] {
        assert_eq!((failure.kind(), failure.attempts(), failure.may_have_run()), (kind, 0, false));
    }
}

#[test]
fn the_methods_of_a_fake_are_the_ways_of_an_answer() {
    let fake = fake();
    fake.fails("fails", "no").fails_with("lists", Unknown { sku: 1 }).panics("panics", "no");
    fake.is_killed("dies").exits("exits", 0).runs_out_of_memory("swells");
    let outcomes = concurrent! {
        fails => never::<u8>(),
        lists => never::<u8>(),
        panics => never::<u8>(),
        dies => never::<u8>(),
        exits => never::<u8>(),
        swells => never::<u8>(),
    };
    let (fails, lists, panics, dies, exits, swells) = outcomes.settle().run().expect("it begins");
    for (outcome, kind) in [
        (fails, ErrorKind::Failed),
        (lists, ErrorKind::Failed),
        (panics, ErrorKind::Panicked),
        (dies, ErrorKind::Killed),
        (exits, ErrorKind::Exited),
        (swells, ErrorKind::OutOfMemory),
    ] {
        assert_eq!(outcome.expect_err("it fails").kind(), kind);
    }
}

#[test]
fn each_attempt_asks_for_an_answer_of_its_own() -> Result<(), Error> {
    let fake = fake();
    fake.answers("x", [Answer::fails("down"), Answer::times_out(), Answer::returns(3_u64)]);
    let (x,) = concurrent! { x => never::<u64>() }.retries(2).run()?;
    assert_eq!((x, fake.ran("x"), fake.attempts("x")), (3, 1, 3));
    Ok(())
}

#[test]
fn attempts_that_all_fail_are_all_told() {
    let fake = fake();
    fake.fails_once("x", "busy").is_killed("x");
    let err = concurrent! { x => never::<u64>() }.retries(2).run().expect_err("it fails");
    let failure = &err.failures()[0];
    assert_eq!((failure.kind(), failure.attempts()), (ErrorKind::Killed, 3));
    let earlier: Vec<ErrorKind> = failure.earlier().iter().map(TaskError::kind).collect();
    assert_eq!(earlier, [ErrorKind::Failed, ErrorKind::Killed]);
    assert_eq!(err.to_string(), "task `x` was killed by SIGKILL (after 3 attempts)");
}

#[test]
fn a_permanent_failure_is_not_tried_again() {
    let fake = fake();
    fake.fails("x", Failure::permanent("no such thing"));
    let err = concurrent! { x => never::<u64>() }.retries(5).run().expect_err("it fails");
    assert_eq!((err.failures()[0].message(), fake.attempts("x")), ("no such thing", 1));
}

#[test]
fn answers_for_single_attempts_come_before_the_one_that_stands() -> Result<(), Error> {
    let fake = fake();
    fake.returns("n", 9_u8).returns_each("n", [1_u8, 2]).answers("n", [Answer::returns(3_u8)]);
    assert_eq!(concurrent! { for n in 0..5_u8 => n }.run()?, [1, 2, 3, 9, 9]);
    Ok(())
}

#[test]
fn a_closure_computes_a_value_in_this_process() -> Result<(), Error> {
    for driver in DRIVERS {
        let fake = fake();
        let pid = std::process::id();
        fake.runs("pid", std::process::id);
        assert_eq!(concurrent! { pid => never::<u32>() }.driver(driver).run()?, (pid,));
    }
    Ok(())
}

#[test]
fn a_closure_reads_what_was_captured() -> Result<(), Error> {
    let fake = fake();
    fake.runs_with("sales", |(region, year): (String, u16)| format!("{region}-{year}"));
    let (region, year) = ("EU", 2026_u16);
    let run = concurrent! { sales => { let _: (&str, u16) = (region, year); never::<String>() } };
    assert_eq!(run.run()?, ("EU-2026".to_owned(),));
    Ok(())
}

#[test]
fn a_closure_decides_by_what_was_captured() -> Result<(), Error> {
    let fake = fake();
    fake.decides("page", |(page,): (u32,)| match page {
        1 => Answer::fails("torn out"),
        2 => Answer::passes_through(),
        page => Answer::runs(move || page * 10),
    });
    let pages = concurrent! { for page in 1..=3_u32 => page + 100 }.settle().run()?;
    let pages: Vec<Option<u32>> = pages.into_iter().map(Result::ok).collect();
    assert_eq!(pages, [None, Some(102), Some(30)]);
    Ok(())
}

#[test]
fn a_closure_is_inside_of_its_task() -> Result<(), Error> {
    let fake = fake();
    fake.runs("n", || concur::task::current().map(|task| (task.name().to_owned(), task.index())));
    let here = concurrent! { for n in 0..2_u8 => { let _ = n; None::<(String, usize)> } }.run()?;
    assert_eq!(here, [Some(("n".to_owned(), 0)), Some(("n".to_owned(), 1))]);
    assert!(concur::task::current().is_none());
    Ok(())
}

#[test]
fn a_closure_that_ends_too_late_is_a_task_that_timed_out() {
    let limit = Duration::from_millis(1);
    let fake = fake();
    fake.runs("slow", move || {
        let began = std::time::Instant::now();
        while began.elapsed() < limit {
            std::thread::yield_now();
        }
        7_u64
    });
    let err = concurrent! { slow => never::<u64>() }.timeout(limit).run().expect_err("too late");
    assert_eq!(err.kind(), ErrorKind::TimedOut);
}

#[test]
fn a_closure_that_panics_is_a_task_that_panics() {
    let fake = fake();
    fake.runs("x", || -> u64 { panic!("in the closure") });
    let err = concurrent! { x => never::<u64>() }.run().expect_err("it panics");
    let panic = err.failures()[0].panic().expect("it panicked");
    assert_eq!((panic.message(), panic.file()), ("in the closure", Some(file!())));
}

#[test]
fn a_value_that_cannot_be_encoded_is_the_failure_of_the_task() {
    struct Sealed;

    impl Serialize for Sealed {
        fn serialize<S: serde::Serializer>(&self, _serializer: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("it stays here"))
        }
    }

    impl<'de> Deserialize<'de> for Sealed {
        fn deserialize<D: serde::Deserializer<'de>>(_deserializer: D) -> Result<Self, D::Error> {
            Ok(Self)
        }
    }

    let fake = fake();
    fake.returns("x", Sealed);
    let err = concurrent! { x => never::<Sealed>() }.run().map(|_| ()).expect_err("it fails");
    assert_eq!(err.kind(), ErrorKind::Encode);
}

#[test]
fn settings_that_are_wrong_are_still_errors() {
    let fake = fake();
    fake.returns("x", 1_u64);
    let x = || concurrent! { x => never::<u64>() };
    let err = x().driver(Driver::Named("nowhere".into())).run().expect_err("there is none");
    assert_eq!(err.kind(), ErrorKind::Config);
    assert_eq!(x().limit(0).run().expect_err("nothing could run").kind(), ErrorKind::Config);
    fake.assert_nothing_ran();
}
