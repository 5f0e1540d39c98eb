//! Order, limits, many tasks, inputs: what a block does when nothing goes wrong in a task.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use concur::{Driver, ErrorKind, TaskError, concurrent};

use super::{Marks, WORKERS, await_mark, is_concurrent, mark};

pub(crate) fn an_empty_block_gives_nothing(driver: &Driver) {
    let () = concurrent! {}.driver(driver.clone()).run().expect("there is nothing to fail");
    let () = concurrent! {}.driver(driver.clone()).settle().run().expect("nothing fails");
    let none: Vec<u8> = Vec::new();
    let results: Vec<u8> =
        concurrent! { for one in none => one }.driver(driver.clone()).run().expect("nothing fails");
    assert!(results.is_empty());
}

pub(crate) fn results_come_in_the_order_written(driver: &Driver) {
    let marks = Marks::new();
    let (dir, concurrent) = (marks.dir(), is_concurrent(driver));
    // The slowest is the first: it ends only after the last one has.
    let (first, second, third) = concurrent! {
        first => {
            if concurrent && !await_mark(&dir, "third") {
                return_text("the third never ended")
            } else {
                return_text("one")
            }
        },
        second => 2_u8,
        third => { mark(&dir, "third"); 'c' },
    }
    .driver(driver.clone())
    .run()
    .expect("all succeed");
    assert_eq!((first.as_str(), second, third), ("one", 2, 'c'));

    let results = concurrent! {
        for number in 0..40_u32 => {
            if concurrent && number == 0 { await_mark(&dir, "39"); }
            if number == 39 { mark(&dir, "39"); }
            number * 10
        }
    }
    .driver(driver.clone())
    .run()
    .expect("all succeed");
    assert_eq!(results, (0..40).map(|number| number * 10).collect::<Vec<u32>>());
}

fn return_text(text: &str) -> String {
    text.to_owned()
}

pub(crate) fn each_block_runs_its_own_code(driver: &Driver) {
    #[rustfmt::skip]
    let (one, two) = concurrent! { one => 1_u8, two => 2_u8 }.driver(driver.clone()).run().expect("both succeed");
    assert_eq!((one, two), (1, 2));

    macro_rules! times {
        ($number:expr, $factor:literal) => {{
            let number: u32 = $number;
            concurrent! { product => number * $factor }.driver(driver.clone()).run()
        }};
    }
    assert_eq!(
        (times!(7, 2).expect("it succeeds"), times!(7, 3).expect("it succeeds")),
        ((14,), (21,))
    );

    for number in 0..3_u64 {
        let (square,) = concurrent! { square => number * number }
            .driver(driver.clone())
            .run()
            .expect("it succeeds");
        assert_eq!(square, number * number);
    }

    assert_eq!(name_of::<u8>(driver), "u8");
    assert_eq!(name_of::<Vec<char>>(driver), "alloc::vec::Vec<char>");

    let in_closure = |text: &str| {
        concurrent! { length => text.len() }.driver(driver.clone()).run().expect("it succeeds").0
    };
    assert_eq!((in_closure("abc"), in_closure("")), (3, 0));
}

fn name_of<T>(driver: &Driver) -> String {
    let (name,) = concurrent! { name => std::any::type_name::<T>().to_owned() }
        .driver(driver.clone())
        .run()
        .expect("it succeeds");
    name
}

pub(crate) fn a_limit_is_kept(driver: &Driver) {
    let marks = Marks::new();
    let (dir, concurrent) = (marks.dir(), is_concurrent(driver));
    // The first ends when the third has begun, so the third must begin when the second ends.
    let spans = concurrent! {
        for number in 0..3_usize => {
            let begin = now();
            mark(&dir, &format!("begun-{number}"));
            let in_time = !concurrent || number != 0 || await_mark(&dir, "begun-2");
            (begin, now(), in_time)
        }
    }
    .driver(driver.clone())
    .limit(2)
    .run()
    .expect("all succeed");
    assert!(spans.iter().all(|(.., in_time)| *in_time), "the third did not begin: {spans:?}");
    assert!(spans[2].0 >= spans[0].1.min(spans[1].1), "three at once: {spans:?}");

    // Never more at once than there are workers, without a limit.
    let spans = concurrent! {
        for _ in 0..3 * WORKERS => {
            let begin = now();
            std::thread::sleep(Duration::from_millis(5));
            (begin, now())
        }
    }
    .driver(driver.clone())
    .run()
    .expect("all succeed");
    let most = spans
        .iter()
        .map(|(begin, _)| spans.iter().filter(|(b, e)| b <= begin && begin < e).count())
        .max();
    assert!(most <= Some(WORKERS), "{most:?} at once");
}

fn now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is past 1970").as_nanos()
}

pub(crate) fn failures_and_successes_settle_side_by_side(driver: &Driver) {
    let results: Vec<Result<u32, TaskError>> = concurrent! {
        for number in 0..200_u32 => {
            if number % 2 == 1 {
                Err(format!("{number} is odd"))?;
            }
            number
        }
    }
    .driver(driver.clone())
    .settle()
    .run()
    .expect("a settled run does not fail");
    assert_eq!(results.len(), 200);
    for (number, result) in results.iter().enumerate() {
        match result {
            Ok(value) => assert_eq!((*value as usize, number % 2), (number, 0)),
            Err(err) => {
                assert_eq!((err.kind(), err.index()), (ErrorKind::Failed, number));
                assert_eq!(err.message(), format!("{number} is odd"));
            }
        }
    }
    assert_eq!(results.iter().filter(|result| result.is_err()).count(), 100);
}

pub(crate) fn an_input_that_panics_ends_the_run(driver: &Driver) {
    let input = (0..100_u32).inspect(|number| assert!(*number < 30, "no more after {number}"));
    let err = concurrent! { for number in input => number }
        .driver(driver.clone())
        .run()
        .expect_err("the input panics");
    assert_eq!(err.kind(), ErrorKind::Panicked);
    assert!(err.to_string().contains("no more after 30"), "{err}");

    let results: Vec<u32> = concurrent! { for number in 0..20_u32 => number }
        .driver(driver.clone())
        .run()
        .expect("the workers are free again");
    assert_eq!(results.len(), 20);
}

pub(crate) fn an_endless_input_stops_at_a_failure(driver: &Driver) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let input = (0_u32..).inspect(move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
    });
    let err = concurrent! {
        for number in input => {
            if number == 50 { Err("fifty")?; }
        }
    }
    .driver(driver.clone())
    .limit(2)
    .run()
    .expect_err("one fails");
    assert_eq!((err.kind(), err.task()), (ErrorKind::Failed, Some(err.failures()[0].task())));
    let asked = asked.load(Ordering::SeqCst);
    // While the fiftieth runs, the other place may go on for a while; it never hoards.
    assert!(asked >= 51, "asked for {asked}");
}

pub(crate) fn ten_thousand_tasks(driver: &Driver) {
    let count = if *driver == Driver::Fork { 2_000 } else { 10_000_u32 };
    let offset = 7_u32;
    let results: Vec<u32> = concurrent! { for number in 0..count => number + offset }
        .driver(driver.clone())
        .run()
        .expect("all succeed");
    assert_eq!(results, (offset..count + offset).collect::<Vec<u32>>());
}

pub(crate) fn sixty_four_tasks_in_a_block(driver: &Driver) {
    let results = concurrent! {
        a0 => 0, a1 => 1, a2 => 2, a3 => 3, a4 => 4, a5 => 5, a6 => 6, a7 => 7,
        b0 => 8, b1 => 9, b2 => 10, b3 => 11, b4 => 12, b5 => 13, b6 => 14, b7 => 15,
        c0 => 16, c1 => 17, c2 => 18, c3 => 19, c4 => 20, c5 => 21, c6 => 22, c7 => 23,
        d0 => 24, d1 => 25, d2 => 26, d3 => 27, d4 => 28, d5 => 29, d6 => 30, d7 => 31,
        e0 => 32, e1 => 33, e2 => 34, e3 => 35, e4 => 36, e5 => 37, e6 => 38, e7 => 39,
        f0 => 40, f1 => 41, f2 => 42, f3 => 43, f4 => 44, f5 => 45, f6 => 46, f7 => 47,
        g0 => 48, g1 => 49, g2 => 50, g3 => 51, g4 => 52, g5 => 53, g6 => 54, g7 => 55,
        h0 => 56, h1 => 57, h2 => 58, h3 => 59, h4 => 60, h5 => 61, h6 => 62, h7 => "last".to_owned(),
    }
    .driver(driver.clone())
    .run()
    .expect("all succeed");
    assert_eq!((results.0, results.31, results.62), (0, 31, 62));
    assert_eq!(results.63, "last");
}

pub(crate) fn options_of_zero_are_refused(driver: &Driver) {
    let block = || concurrent! { one => 1 }.driver(driver.clone());
    let errors = [
        ("limit", block().limit(0).run()),
        ("timeout", block().timeout(Duration::ZERO).run()),
        ("deadline", block().deadline(Duration::ZERO).run()),
    ];
    for (method, result) in errors {
        let err = result.expect_err("it is refused");
        assert_eq!((err.kind(), err.task()), (ErrorKind::Config, None));
        assert!(err.to_string().contains(&format!("`{method}`")), "{err}");
    }
}

pub(crate) fn tasks_see_copies(driver: &Driver) {
    let list = vec![1_u8, 2, 3];
    let (longer,) = concurrent! {
        longer => {
            let mut list = list;
            list.push(4);
            list
        },
    }
    .driver(driver.clone())
    .run()
    .expect("it succeeds");
    assert_eq!((longer, list), (vec![1, 2, 3, 4], vec![1, 2, 3]));
}

pub(crate) fn tasks_can_be_moved_before_they_run(driver: &Driver) {
    let tasks = {
        let text = String::from("gone by then");
        let slice = &text[..4];
        concurrent! { length => text.len(), slice => slice.to_owned() }.driver(driver.clone())
    };
    let boxed: Box<dyn std::any::Any + Send> = Box::new(tasks);
    let tasks = boxed.downcast::<concur::Tasks<(usize, String)>>().expect("it is what it was");
    assert_eq!(tasks.run().expect("both succeed"), (12, "gone".to_owned()));
}
