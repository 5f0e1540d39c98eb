//! What the program knows of its annotated functions: names, places and options.

use std::time::Duration;

use concur::attr::concurrent;
use concur::{Driver, ErrorKind, TaskInfo, tasks};
use serde::{Deserialize, Serialize};

/// Adds up the sales.
///
/// In a currency of its own.
///
/// # Examples
///
/// ```
/// assert_eq!(1, 2, "examples are not copied");
/// ```
#[concurrent(timeout = "30s", retries = 2, driver = "thread")]
#[rustfmt::skip]
fn sales(region: &str) -> (u32, String) { (line!(), region.to_owned()) }

#[concurrent(name = "listing of stock")]
#[expect(dead_code, reason = "it is listed, not called")]
fn stock<T: Serialize + for<'a> Deserialize<'a> + Send + 'static>(value: T) -> T {
    value
}

#[expect(dead_code, reason = "its methods are listed, not called")]
#[derive(Serialize, Deserialize)]
struct Analyzer<T>(T);

#[concurrent]
impl Analyzer<u8> {
    #[concurrent]
    fn growth(&self) -> u8 {
        self.0
    }
}

#[concurrent]
impl<T: Serialize + for<'a> Deserialize<'a> + Send + 'static> Analyzer<Vec<T>> {
    #[concurrent]
    fn size(&self) -> usize {
        self.0.len()
    }
}

fn find(name: &str) -> Option<TaskInfo> {
    tasks().into_iter().find(|task| task.name() == name)
}

#[test]
fn functions_are_listed_with_what_their_attribute_says() {
    let found = find("annotated::listing::sales").expect("it is listed");
    assert_eq!(found.function(), found.name());
    assert_eq!((found.file(), found.line()), (file!(), sales("EU").0));
    assert_eq!((found.timeout(), found.retries()), (Some(Duration::from_secs(30)), Some(2)));
    assert_eq!((found.driver(), found.is_async()), (Some(&Driver::Thread), false));
    assert_eq!(found.docs(), "Adds up the sales.\n\n In a currency of its own.");
    let stock = find("listing of stock").expect("it is listed");
    assert_eq!(stock.function(), "annotated::listing::stock");
    assert_eq!((stock.timeout(), stock.retries(), stock.driver()), (None, None, None));
}

#[test]
fn methods_are_listed_by_their_type() {
    let growth = find("annotated::listing::Analyzer<u8>::growth").expect("it is listed");
    assert!(growth.function() == growth.name() && growth.docs().is_empty());
    assert!(find("annotated::listing::Analyzer<Vec<T>>::size").is_some());
    assert!(find("annotated::methods::Shop::stock").is_some());
    assert_eq!(
        find("grow").expect("it is listed").function(),
        "annotated::methods::Analyzer::grown"
    );
}

#[test]
fn the_list_is_sorted_and_holds_each_once() {
    let tasks = tasks();
    let names: Vec<&str> = tasks.iter().map(TaskInfo::name).collect();
    assert!(names.is_sorted());
    assert_eq!(names.iter().filter(|name| name.ends_with("::sales")).count(), 1);
    assert!(format!("{:?}", tasks[0]).contains("line"));
}

#[test]
fn functions_in_two_functions_have_two_names() {
    fn one() -> u32 {
        #[concurrent]
        fn inner() -> u32 {
            1
        }
        inner_task().run().unwrap()
    }
    fn two() -> u32 {
        #[concurrent]
        fn inner() -> u32 {
            2
        }
        inner_task().run().unwrap()
    }
    #[derive(Serialize, Deserialize)]
    struct Local(u32);
    #[concurrent]
    impl Local {
        #[concurrent]
        fn inner(&self) -> u32 {
            self.0
        }
    }
    assert_eq!((one(), two()), (1, 2));
    assert_eq!(Local(3).inner_task().run().unwrap(), 3);
    let here = "annotated::listing::functions_in_two_functions_have_two_names";
    for name in ["one::inner", "two::inner", "Local::inner"] {
        assert!(find(&format!("{here}::{name}")).is_some(), "{name}: {:?}", tasks());
    }
}

#[test]
fn two_functions_of_one_name_are_an_error_that_names_both() {
    #[concurrent(name = "the same")]
    fn first() -> u32 {
        1
    }
    #[concurrent(name = "the same")]
    fn second() -> u32 {
        2
    }
    for task in [first_task(), second_task().named("another name for this task alone")] {
        let err = task.run().unwrap_err();
        assert_eq!(err.kind(), ErrorKind::Config);
        let message = err.to_string();
        let places: Vec<&str> = message.matches("tests/annotated/listing.rs:").collect();
        assert_eq!(places.len(), 2, "{message}");
        assert!(message.contains("two functions are both the task `the same`"), "{message}");
    }
    let err = first_task().defer().unwrap_err();
    assert_eq!(err.to_string(), second_task().defer().unwrap_err().to_string());
    // Others are none the worse for it.
    assert_eq!(sales_task("EU").run().unwrap(), sales("EU"));
}

#[test]
fn a_function_that_is_never_called_is_listed() {
    #[expect(dead_code, reason = "that is what is tested")]
    #[concurrent]
    fn never_called() {}
    let name = "annotated::listing::a_function_that_is_never_called_is_listed::never_called";
    assert!(find(name).is_some());
}
