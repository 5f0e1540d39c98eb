//! What a caller learns of a task that fails or panics, and what the others notice of it.

use std::error::Error as _;
use std::fmt;

use anyhow::Context as _;
use concur::{Driver, ErrorKind, concurrent};
use serde::{Deserialize, Serialize};

use super::{Marks, await_mark, has_processes, is_alive, is_concurrent, mark};

/// An error with fields, and one below it, and one below that.
#[derive(Debug)]
struct Outer {
    order: u32,
    below: Middle,
}

#[derive(Debug)]
struct Middle(std::num::ParseIntError);

impl fmt::Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "order {} cannot be read", self.order)
    }
}

impl fmt::Display for Middle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("its price is no number")
    }
}

impl std::error::Error for Outer {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.below)
    }
}

impl std::error::Error for Middle {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

fn read(order: u32, price: &str) -> Result<u32, Outer> {
    price.parse().map_err(|err| Outer { order, below: Middle(err) })
}

/// The messages along the chain.
fn chain(err: &dyn std::error::Error) -> Vec<String> {
    let mut messages = Vec::new();
    let mut next = err.source();
    while let Some(source) = next {
        messages.push(source.to_string());
        next = source.source();
    }
    messages
}

pub(crate) fn a_chain_of_own_errors_arrives(driver: &Driver) {
    let err = concurrent! { price => read(12, "x")? }
        .driver(driver.clone())
        .run()
        .expect_err("x is no number");
    assert_eq!((err.kind(), err.task()), (ErrorKind::Failed, Some("price")));
    assert_eq!(err.failures()[0].message(), "order 12 cannot be read");
    assert_eq!(chain(&err), ["its price is no number", "invalid digit found in string"]);
    let text = err.to_string();
    assert!(text.starts_with("task `price` failed: order 12 cannot be read"), "{text}");
    assert!(!text.contains("invalid digit") && !text.contains('\n'), "{text}");
    let debug = format!("{err:?}");
    assert!(debug.contains("caused by: its price is no number"), "{debug}");
    assert_eq!(err.failures()[0].attempts(), 1);
    assert!(err.failures()[0].may_have_run());
    assert!(err.source().is_some());
}

pub(crate) fn a_chain_of_anyhow_arrives(driver: &Driver) {
    fn load() -> anyhow::Result<u32> {
        "x".parse::<u32>().context("a line is wrong").context("the file is wrong")
    }
    let err =
        concurrent! { load => load()? }.driver(driver.clone()).run().expect_err("x is no number");
    assert_eq!(err.failures()[0].message(), "the file is wrong");
    assert_eq!(chain(&err), ["a line is wrong", "invalid digit found in string"]);
}

pub(crate) fn falsy_values_survive(driver: &Driver) {
    let values = concurrent! {
        zero => 0_u8,
        no => false,
        nothing => (),
        text => String::new(),
        none => None::<u32>,
        list => Vec::<u64>::new(),
        some_none => Some(None::<bool>),
    }
    .driver(driver.clone())
    .run()
    .expect("all succeed");
    assert_eq!(values, (0, false, (), String::new(), None, Vec::new(), Some(None)));

    let (zero, no, text, none) = (0_i64, false, "", None::<String>);
    let seen =
        concurrent! { seen => (zero, no, text.to_owned(), none) }.driver(driver.clone()).run();
    assert_eq!(seen.expect("it succeeds").0, (0, false, String::new(), None));

    let err = concurrent! { silent => Err(String::new())? }
        .driver(driver.clone())
        .run()
        .map(|((),)| ())
        .expect_err("it fails");
    assert_eq!((err.kind(), err.failures()[0].message()), (ErrorKind::Failed, ""));
}

pub(crate) fn a_result_without_question_mark_is_a_value(driver: &Driver) {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Refusal {
        TooMany { wanted: u32, left: u32 },
    }
    fn book(wanted: u32) -> Result<u32, Refusal> {
        if wanted > 3 { Err(Refusal::TooMany { wanted, left: 3 }) } else { Ok(wanted) }
    }
    let (few, many) = concurrent! { few => book(2), many => book(9) }
        .driver(driver.clone())
        .run()
        .expect("neither task fails");
    assert_eq!((few, many), (Ok(2), Err(Refusal::TooMany { wanted: 9, left: 3 })));
}

pub(crate) fn a_panic_tells_its_message_and_place(driver: &Driver) {
    let number = 5;
    let err = concurrent! {
        loud => { panic_on(number); }
    }
    .driver(driver.clone())
    .run()
    .expect_err("it panics");
    assert_eq!((err.kind(), err.task()), (ErrorKind::Panicked, Some("loud")));
    let failure = &err.failures()[0];
    assert_eq!(failure.message(), "five is too much: 5");
    let panic = failure.panic().expect("it panicked");
    assert_eq!(panic.message(), "five is too much: 5");
    assert!(panic.file().is_some_and(|file| file.ends_with("contract/errors.rs")), "{panic:?}");
    assert_eq!(panic.line(), Some(PANIC_LINE));
    assert_eq!(panic.column(), Some(5));
    if std::env::var_os("RUST_BACKTRACE").is_none_or(|value| value != "0") {
        let backtrace = panic.backtrace().expect("it is not turned off");
        assert!(backtrace.contains("panic_on"), "{backtrace}");
    }
    let text = err.to_string();
    assert!(text.starts_with("task `loud` panicked: five is too much: 5, at "), "{text}");
    let own = failure.pid() == Some(std::process::id());
    assert_eq!(own, !has_processes(driver), "{failure:?}");
}

const PANIC_LINE: u32 = line!() + 4;

#[inline(never)]
fn panic_on(number: u32) {
    panic!("five is too much: {number}");
}

pub(crate) fn a_panic_without_text_is_a_panic(driver: &Driver) {
    fn odd_panic() {
        std::panic::panic_any(42_u64);
    }
    let err =
        concurrent! { odd => odd_panic() }.driver(driver.clone()).run().expect_err("it panics");
    assert_eq!(err.kind(), ErrorKind::Panicked);
    assert!(err.failures()[0].message().contains("not a string"), "{err}");
    assert!(err.failures()[0].panic().is_some_and(|panic| panic.line().is_some()));
}

pub(crate) fn a_panic_without_its_hook_is_a_panic(driver: &Driver) {
    fn resumes() {
        std::panic::resume_unwind(Box::new("carried on"));
    }
    let err =
        concurrent! { resumes => resumes() }.driver(driver.clone()).run().expect_err("it panics");
    assert_eq!((err.kind(), err.failures()[0].message()), (ErrorKind::Panicked, "carried on"));
}

pub(crate) fn a_panic_that_was_caught_is_none(driver: &Driver) {
    fn resumes() {
        std::panic::resume_unwind(Box::new("the second"));
    }
    let (caught, later) = concurrent! {
        caught => std::panic::catch_unwind(|| panic!("within")).is_err(),
        later => {
            let _ = std::panic::catch_unwind(|| panic!("the first"));
            resumes();
        },
    }
    .driver(driver.clone())
    .settle()
    .run()
    .expect("a settled run does not fail");
    assert!(caught.expect("it goes on"));
    let later = later.expect_err("it panics");
    assert_eq!((later.kind(), later.message()), (ErrorKind::Panicked, "the second"));
}

pub(crate) fn a_payload_that_panics_when_dropped_is_one_panic(driver: &Driver) {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    fn explode() {
        std::panic::panic_any(Bomb);
    }
    let err =
        concurrent! { bomb => explode() }.driver(driver.clone()).run().expect_err("it panics");
    assert_eq!((err.kind(), err.task()), (ErrorKind::Panicked, Some("bomb")));
}

pub(crate) fn a_failed_task_does_not_disturb_the_next(driver: &Driver) {
    for round in 0..10_u32 {
        let (fails, panics) = concurrent! {
            fails => if round < 100 { Err("no")?; },
            panics => assert!(round > 100, "never"),
        }
        .driver(driver.clone())
        .limit(1)
        .settle()
        .run()
        .expect("a settled run does not fail");
        assert_eq!(fails.expect_err("it fails").kind(), ErrorKind::Failed);
        assert_eq!(panics.expect_err("it panics").kind(), ErrorKind::Panicked);
        let (next,) =
            concurrent! { next => round + 1 }.driver(driver.clone()).run().expect("it is fine");
        assert_eq!(next, round + 1);
    }
}

pub(crate) fn the_first_failure_leads_and_cancels(driver: &Driver) {
    let marks = Marks::new();
    let (dir, concurrent) = (marks.dir(), is_concurrent(driver));
    let err = concurrent! {
        fails => {
            if concurrent { await_mark(&dir, "begun"); }
            Err("too bad")?;
        },
        goes_on => {
            std::fs::write(dir.join("pid"), std::process::id().to_string())?;
            mark(&dir, "begun");
            await_mark(&dir, "release");
            mark(&dir, "done");
        },
        never => mark(&dir, "never"),
    }
    .driver(driver.clone())
    .limit(2)
    .run()
    .expect_err("one fails");
    assert_eq!((err.kind(), err.task()), (ErrorKind::Failed, Some("fails")));
    assert_eq!(err.failures().len(), 1, "{err:?}");
    assert_eq!(marks.has("begun"), concurrent);
    assert!(!marks.has("never") && !marks.has("done"), "{marks:?}");
    if has_processes(driver) {
        let pid = std::fs::read_to_string(dir.join("pid")).expect("it has begun");
        assert!(!is_alive(pid.parse().expect("a number")), "the cancelled task still runs");
    }
    mark(&dir, "release");
}

pub(crate) fn settled_failures_are_all_kept(driver: &Driver) {
    let (one, two, three, four) = concurrent! {
        one => Err("first")?,
        two => panic!("second"),
        three => "x".parse::<u8>()?,
        four => 4_u8,
    }
    .driver(driver.clone())
    .settle()
    .run()
    .map(|(one, two, three, four)| {
        let (one, two): (Result<(), _>, Result<(), _>) = (one, two);
        (one, two, three, four)
    })
    .expect("a settled run does not fail");
    let one = one.expect_err("it fails");
    assert_eq!((one.task(), one.message(), one.index()), ("one", "first", 0));
    let two = two.expect_err("it panics");
    assert_eq!((two.task(), two.message(), two.index()), ("two", "second", 1));
    let three = three.expect_err("it fails");
    assert_eq!((three.task(), three.index()), ("three", 2));
    assert_eq!(four.expect("it succeeds"), 4);
}

pub(crate) fn an_error_longer_than_a_frame_is_cut(driver: &Driver) {
    let length = 300_000;
    let (fails, panics) = concurrent! {
        fails => Err(format!("begin {}", "é".repeat(length)))?,
        panics => panic!("begin {}", "é".repeat(length)),
    }
    .driver(driver.clone())
    .settle()
    .run()
    .map(|(fails, panics)| {
        let both: (Result<(), concur::TaskError>, Result<(), concur::TaskError>) = (fails, panics);
        both
    })
    .expect("a settled run does not fail");
    let (fails, panics) = (fails.expect_err("it fails"), panics.expect_err("it panics"));
    assert_eq!((fails.kind(), panics.kind()), (ErrorKind::Failed, ErrorKind::Panicked));
    for message in [fails.message(), panics.message()] {
        assert!(
            message.starts_with("begin é") && message.ends_with("bytes left out)"),
            "{message}"
        );
        assert!(message.len() < 9 * 1024, "the same on every driver: {}", message.len());
    }
}

/// A cause that says a lot, and one below it.
#[derive(Debug)]
struct Verbose(std::num::ParseIntError);

impl fmt::Display for Verbose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "begin {}", "x".repeat(20_000))
    }
}

impl std::error::Error for Verbose {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

pub(crate) fn a_long_cause_keeps_the_one_below_it(driver: &Driver) {
    fn load() -> anyhow::Result<u32> {
        "x".parse().map_err(Verbose).context("the file is wrong")
    }
    let err =
        concurrent! { load => load()? }.driver(driver.clone()).run().expect_err("x is no number");
    assert_eq!(err.failures()[0].message(), "the file is wrong");
    let causes = chain(&err);
    let lengths: Vec<usize> = causes.iter().map(String::len).collect();
    assert_eq!(causes.len(), 2, "causes of {lengths:?} bytes");
    assert!(causes[0].starts_with("begin xxx"), "causes of {lengths:?} bytes");
    assert_eq!(causes[1], "invalid digit found in string");
    if has_processes(driver) {
        assert!(lengths[0] < 20_000 && causes[0].contains("left out"), "{lengths:?}");
    }
}
