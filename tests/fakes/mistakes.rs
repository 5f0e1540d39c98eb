//! What a test did not tell its fake, or told it wrongly.

use concur::testing::{Answer, fake};
use concur::{Error, ErrorKind, concurrent};

use super::{never, panic_of};

#[test]
fn a_task_without_an_answer_is_an_error_that_names_it() {
    let fake = fake();
    fake.returns("users", 1_u64);
    let err = concurrent! { orders => never::<u64>() }.retries(3).run().expect_err("no answer");
    assert_eq!((err.kind(), err.task()), (ErrorKind::Config, Some("orders")));
    let text = err.to_string();
    for part in ["`orders`", "`users`", "fake.returns(\"orders\", ..)", "passes_through"] {
        assert!(text.contains(part), "{text}");
    }
    let failure = &err.failures()[0];
    assert_eq!((failure.attempts(), failure.may_have_run()), (0, false));
    assert_eq!(fake.attempts("orders"), 1, "it is not tried again");
}

#[test]
fn a_task_without_an_answer_fails_the_test_though_its_error_is_hidden() {
    let text = panic_of(|| {
        let _fake = fake();
        let (orders,) = concurrent! { orders => never::<u64>() }.settle().run().expect("it begins");
        assert_eq!(orders.unwrap_or_default(), 0);
    });
    assert!(text.contains("task `orders`: its fake has no answer"), "{text}");
}

#[test]
fn an_error_that_was_read_is_enough() {
    let read: [fn(Error); 5] = [
        |err| assert!(err.to_string().contains("orders")),
        |err| assert!(format!("{err:?}").contains("orders")),
        |err| assert_eq!(err.kind(), ErrorKind::Config),
        |err| assert_eq!(err.task(), Some("orders")),
        |err| assert!(err.failures()[0].message().contains("orders")),
    ];
    for read in read {
        let _fake = fake();
        read(concurrent! { orders => never::<u64>() }.run().expect_err("no answer"));
    }
}

#[test]
fn one_error_that_was_read_does_not_speak_for_another() {
    let text = panic_of(|| {
        let _fake = fake();
        let (a, b) = concurrent! { a => never::<u8>(), b => never::<u8>() }
            .settle()
            .run()
            .expect("it begins");
        assert_eq!(a.expect_err("no answer").kind(), ErrorKind::Config);
        drop(b);
    });
    assert!(text.contains("`b`") && !text.contains("`a`"), "{text}");
}

#[test]
fn a_test_that_panics_already_is_left_to_it() {
    let text = panic_of(|| {
        let fake = fake();
        fake.strict().returns("users", 1_u64);
        panic!("of the test's own");
    });
    assert_eq!(text, "of the test's own");
}

#[test]
fn strict_panics_at_once() {
    let text = panic_of(|| {
        let fake = fake();
        fake.strict();
        let _ = concurrent! { orders => never::<u64>() }.settle().run();
        unreachable!("it panicked before");
    });
    assert!(text.contains("task `orders`: its fake has no answer"), "{text}");
}

#[test]
fn strict_misses_answers_that_were_not_asked_for() -> Result<(), Error> {
    let text = panic_of(|| {
        let fake = fake();
        fake.strict().returns("users", 1_u64).returns_each("price", [1_u64, 2, 3]);
        fake.returns("stock", 0_u64);
        let run = concurrent! { price => never::<u64>(), stock => never::<u64>() }.run();
        assert_eq!(run.expect("both are answered"), (1, 0));
    });
    assert!(text.contains("`users`") && text.contains("`price`"), "{text}");
    assert!(!text.contains("`stock`"), "{text}");
    let fake = fake();
    fake.returns("users", 1_u64).returns_each("price", [1_u64, 2]);
    assert_eq!(concurrent! { price => never::<u64>() }.run()?, (1,));
    Ok(())
}

#[test]
fn a_value_of_the_wrong_type_is_an_error_that_names_both() {
    let fake = fake();
    // As bytes it would pass: four of them, and the type is checked all the same.
    fake.returns("users", 10_i32);
    let err = concurrent! { users => never::<u32>() }.retries(3).run().expect_err("an i32");
    assert_eq!((err.kind(), err.task()), (ErrorKind::Decode, Some("users")));
    let text = err.to_string();
    assert!(text.contains("`i32`") && text.contains("`u32`"), "{text}");
    assert_eq!(fake.attempts("users"), 1, "it is not tried again");
    for (what, text) in [
        (Answer::returns("ten"), "`&str`"),
        (Answer::runs(|| vec![1_u8]), "`alloc::vec::Vec<u8>`"),
        (
            Answer::returns(Ok::<u32, String>(1)),
            "`core::result::Result<u32, alloc::string::String>`",
        ),
    ] {
        fake.always("users", what);
        let err = concurrent! { users => never::<u32>() }.run().expect_err("no u32");
        assert!(err.to_string().contains(text), "{err}");
    }
}

#[test]
fn a_wrong_type_fails_the_test_though_its_error_is_hidden() {
    let text = panic_of(|| {
        let fake = fake();
        fake.returns("users", 10_i32);
        let users = concurrent! { users => never::<u64>() }.run();
        assert_eq!(users.unwrap_or((0,)), (0,));
    });
    assert!(text.starts_with("task `users` gave a result"), "{text}");
    assert!(text.contains("`i32`") && text.contains("`u64`"), "{text}");
}

#[test]
fn one_more_task_than_answers_is_an_error() {
    let fake = fake();
    fake.returns_each("price", [1_u64, 2]).passthrough();
    let prices = concurrent! { for price in 0..3_u64 => price }.settle().run().expect("it begins");
    let [Ok(1), Ok(2), Err(err)] = &prices[..] else { panic!("{prices:?}") };
    assert_eq!((err.kind(), err.task()), (ErrorKind::Config, "price"));
    assert!(err.message().contains("no answer left") && err.message().contains('3'), "{err}");
}

#[test]
fn captures_that_are_read_wrongly_are_an_error_that_names_both() {
    let fake = fake();
    fake.runs_with("sales", |(year, region): (u16, String)| format!("{region}{year}"));
    let (region, year) = ("EU", 2026_u16);
    let sales = || concurrent! { sales => format!("{region}{}", year) };
    let err = sales().run().expect_err("the other way round");
    assert_eq!((err.kind(), err.task()), (ErrorKind::Decode, Some("sales")));
    let text = err.to_string();
    assert!(text.contains("captures `(alloc::string::String, u16)`"), "{text}");
    assert!(text.contains("reads `(u16, alloc::string::String)`"), "{text}");
    fake.runs_with("sales", |(): ()| String::new());
    let err = sales().run().expect_err("there are captures");
    assert!(err.to_string().contains("reads nothing"), "{err}");
}
