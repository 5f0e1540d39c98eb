//! Functions of every form: with references, patterns, type parameters; async, const, extern.
#![expect(
    clippy::needless_pass_by_value,
    clippy::redundant_pattern,
    clippy::toplevel_ref_arg,
    reason = "functions are written in every way that rustc takes"
)]

use std::borrow::Cow;
use std::fmt::Display;
use std::process::id;

use concur::attr::concurrent;
use concur::{Driver, Task};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::everywhere;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Order {
    id: u32,
    items: Vec<String>,
}

#[concurrent]
fn describe(order: &Order, prefix: &str, scale: u32, notes: &[String], raw: &[u8]) -> String {
    let Order { id, items } = order;
    format!("{prefix}{}: {items:?} {notes:?} {raw:?}", id * scale)
}

#[test]
fn references_and_values_are_sent() {
    let order = Order { id: 3, items: vec!["pen".to_owned()] };
    let notes = ["soon".to_owned()];
    let here = describe(&order, "#", 2, &notes, &[1, 2]);
    assert_eq!(here, "#6: [\"pen\"] [\"soon\"] [1, 2]");
    everywhere(|driver| {
        let task: Task<String> = describe_task(&order, "#", 2, &notes, &[1, 2]);
        assert_eq!(task.driver(driver).run().unwrap(), here);
    });
}

#[concurrent]
fn patterns(
    (a, b): (u32, u32),
    mut list: Vec<u32>,
    _: u8,
    #[expect(unused_variables, reason = "attributes may stand here")] unused: u8,
    Order { id, .. }: Order,
    [first, ..]: [u32; 3],
    ref whole @ _: u32,
) -> Vec<u32> {
    list.extend([a, b, id, first, *whole]);
    list
}

#[test]
fn arguments_may_be_patterns() {
    let order = Order { id: 5, items: Vec::new() };
    everywhere(|driver| {
        let task = patterns_task((1, 2), vec![0], 9, 9, order.clone(), [7, 8, 9], 4);
        assert_eq!(task.driver(driver).run().unwrap(), [0, 1, 2, 5, 7, 4]);
    });
}

// Names that could be taken for those of the function or of what is written beside it.
#[concurrent]
fn shadow(shadow: u32, argument_1: u32, (x, y): (u32, u32), argument_3: u32, value: u32) -> u32 {
    shadow + argument_1 + x + y + argument_3 + value
}

#[concurrent]
fn r#type(r#fn: u32, err: u32) -> u32 {
    r#fn + err
}

#[test]
fn names_of_arguments_hide_nothing() {
    assert_eq!(shadow_task(1, 2, (3, 4), 5, 6).driver(Driver::Sync).run().unwrap(), 21);
    let task = type_task(1, 2);
    assert_eq!(task.name(), "type");
    assert_eq!(task.run().unwrap(), 3);
}

#[concurrent]
fn nothing() {}

#[concurrent]
fn elsewhere() -> u32 {
    id()
}

#[concurrent]
fn never(code: i32) -> ! {
    panic!("never again: {code}")
}

#[test]
fn results_of_no_value_are_units() {
    everywhere(|driver| {
        let (): () = nothing_task().driver(driver.clone()).run().unwrap();
        let task: Task<()> = never_task(3).driver(driver);
        assert_eq!(task.run().unwrap_err().failures()[0].message(), "never again: 3");
    });
}

#[test]
fn a_task_runs_in_another_process() {
    assert_ne!(elsewhere_task().run().unwrap(), id());
    assert_eq!(elsewhere_task().driver(Driver::Sync).run().unwrap(), elsewhere());
}

#[concurrent]
fn doubled<T: Clone + Serialize + DeserializeOwned + Send + 'static>(value: &T) -> (T, T) {
    (value.clone(), value.clone())
}

#[concurrent]
fn parsed<T, const N: usize>(text: &str) -> Result<Vec<T>, T::Err>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
    T: Clone + Serialize + DeserializeOwned + Send + 'static,
{
    Ok(vec![text.parse::<T>()?; N])
}

#[concurrent]
fn shown(what: impl Display + Serialize + DeserializeOwned + Send + 'static) -> String {
    what.to_string()
}

#[concurrent]
fn longest<'a, 'b: 'a>(first: &'a str, second: &'b str, third: Cow<'static, str>) -> usize {
    first.len().max(second.len()).max(third.len())
}

#[test]
fn functions_may_have_parameters() {
    everywhere(|driver| {
        let twice = doubled_task(&"x".to_owned()).driver(driver.clone()).run().unwrap();
        assert_eq!(twice, ("x".to_owned(), "x".to_owned()));
        assert_eq!(doubled_task(&7_u8).driver(driver.clone()).run().unwrap(), (7, 7));
        let numbers = parsed_task::<u16, 3>("12").driver(driver.clone()).run().unwrap();
        assert_eq!(numbers, [12, 12, 12]);
        assert!(parsed_task::<u8, 1>("256").driver(driver.clone()).run().is_err());
        assert_eq!(shown_task(2.5).driver(driver.clone()).run().unwrap(), "2.5");
        let (one, three) = ("a".to_owned(), "ccc".to_owned());
        let task = longest_task(&one, "bb", Cow::Owned(three));
        assert_eq!(task.driver(driver).run().unwrap(), 3);
    });
}

#[concurrent]
const fn next(number: u32) -> u32 {
    number + 1
}

const FOUR: u32 = next(3);

#[concurrent]
extern "C" fn negative(number: i32) -> i32 {
    -number
}

#[concurrent]
#[inline]
#[must_use]
#[track_caller]
fn marked(number: u32) -> u32 {
    number
}

#[test]
fn the_function_stays_what_it_was() {
    assert_eq!(next_task(FOUR).run().unwrap(), 5);
    let pointer: extern "C" fn(i32) -> i32 = negative;
    assert_eq!(negative_task(2).run().unwrap(), pointer(2));
    assert_eq!(marked_task(4).run().unwrap(), marked(4));
}

macro_rules! make {
    ($name:ident, $task:ident, $ty:ty, $add:expr, $limit:literal) => {
        #[concurrent(timeout = $limit)]
        fn $name(number: $ty) -> $ty {
            number + $add
        }

        #[test]
        fn $task() {
            fn inner(_: $ty) {}
            inner(1);
            assert_eq!($name(1), 1 + $add);
        }
    };
}

make!(add_two, add_two_is_made, u32, 2, "9s");
make!(add_three, add_three_is_made, u64, 3, "9s");

#[test]
fn functions_may_be_made_by_macros() {
    assert_eq!(add_two_task(1).run().unwrap(), 3);
    assert_eq!(add_three_task(1).run().unwrap(), 4);
}

#[test]
fn a_function_may_stand_in_a_function() {
    #[concurrent]
    fn square(number: u32) -> u32 {
        number * number
    }
    assert_eq!(square_task(4).run().unwrap(), 16);
}

#[test]
fn tasks_of_functions_run_together() {
    let (doubled, text) = concur::join((doubled_task(&3_u8), shown_task('x'))).run().unwrap();
    assert_eq!((doubled, text.as_str()), ((3, 3), "x"));
    let all: Vec<u32> = concur::join_all((0..20).map(next_task)).limit(3).run().unwrap();
    assert_eq!(all, (1..21).collect::<Vec<_>>());
    let (fine, bad) =
        concur::join((parsed_task::<u8, 1>("1"), parsed_task::<u8, 1>("x").named("bad")))
            .settle()
            .run()
            .unwrap();
    assert_eq!(fine.unwrap(), [1]);
    assert_eq!(bad.unwrap_err().task(), "bad");
    let outcome = next_task(1).settle().run().unwrap();
    assert_eq!(outcome.unwrap(), 2);
}

#[test]
fn a_task_of_a_function_may_run_within_a_task() {
    #[concurrent]
    fn outer(number: u32) -> Result<u32, concur::Error> {
        Ok(next_task(number).run()? * 10)
    }
    everywhere(|driver| assert_eq!(outer_task(4).driver(driver).run().unwrap(), 50));
}

#[test]
fn a_task_is_sent_to_a_thread_and_polled() {
    fn is_sendable<T: Send + 'static>(task: T) -> T {
        task
    }
    let task = is_sendable(next_task(1));
    assert_eq!(smol::block_on(async { task.await }).unwrap(), 2);
}

#[cfg(feature = "tokio")]
mod awaiting {
    use super::{Order, concurrent, everywhere};

    async fn soon<T>(value: T) -> T {
        tokio::task::yield_now().await;
        value
    }

    #[concurrent]
    async fn length(text: &str, order: &Order) -> usize {
        soon(text).await.len() + order.items.len()
    }

    #[concurrent]
    async fn halved(number: u32) -> Result<u32, String> {
        if soon(number).await % 2 == 0 { Ok(number / 2) } else { Err(format!("{number} is odd")) }
    }

    #[concur::attr::concurrent]
    impl Order {
        #[concurrent(timeout = "30s")]
        async fn weight(&self, each: u32) -> Result<u32, String> {
            let count = u32::try_from(soon(&self.items).await.len());
            Ok(count.map_err(|err| err.to_string())? * each)
        }
    }

    #[test]
    fn an_async_function_is_awaited_in_the_worker() {
        let order = Order { id: 1, items: vec!["pen".to_owned()] };
        everywhere(|driver| {
            let task = length_task("four", &order).driver(driver.clone());
            assert_eq!(task.run().unwrap(), 5);
            assert_eq!(order.weight_task(7).driver(driver.clone()).run().unwrap(), 7);
            assert_eq!(halved_task(8).driver(driver.clone()).run().unwrap(), 4);
            let err = halved_task(7).driver(driver).run().unwrap_err();
            assert_eq!(err.failures()[0].decode_error(), Some("7 is odd".to_owned()));
        });
    }
}
