//! What `for` makes tasks of, and what it captures beside its items.

use std::collections::HashMap;

use concur::concurrent;

use crate::DRIVERS;
use crate::shop::{Shop, shop};

#[test]
fn for_makes_a_task_of_each_owned_item() {
    let (base, names) = (10_u32, vec!["ann".to_owned(), "bo".to_owned()]);
    let ages = HashMap::from([("ann".to_owned(), 30)]);
    for driver in DRIVERS {
        let names = names.clone();
        let lengths = concurrent! { for name in names => name.into_bytes().len() };
        assert_eq!(lengths.driver(driver.clone()).run().unwrap(), [3, 2]);
        let range = concurrent! { for n in 0..4_u32 => n + base };
        assert_eq!(range.driver(driver.clone()).run().unwrap(), [10, 11, 12, 13]);
        let pairs =
            concurrent! { for (name, age) in ages.clone() => format!("{name} {age} {base}") };
        assert_eq!(pairs.driver(driver.clone()).run().unwrap(), ["ann 30 10"]);
        let none = concurrent! { for n in 0..0_u32 => n };
        assert_eq!(none.driver(driver).run().unwrap(), [0_u32; 0]);
    }
}

#[test]
fn for_lends_items_that_are_references() {
    let shops = [shop(), Shop { name: "mall".to_owned(), ..shop() }];
    let words: Vec<&str> = vec!["a", "bc"];
    let prefix = "in ";
    for driver in DRIVERS {
        let names = concurrent! { for shop in &shops => shop.name.clone() };
        assert_eq!(names.driver(driver.clone()).run().unwrap(), ["corner", "mall"]);
        let fields = concurrent! { for Shop { region, .. } in shops.iter() => format!("{prefix}{}", region.name) };
        assert_eq!(fields.driver(driver.clone()).run().unwrap(), ["in EU", "in EU"]);
        let strs = concurrent! { for word in words.iter().copied() => word.len() };
        assert_eq!(strs.driver(driver.clone()).run().unwrap(), [1, 2]);
        let refs = concurrent! { for word in &words => word.len() };
        assert_eq!(refs.driver(driver).run().unwrap(), [1, 2]);
    }
}

#[test]
fn for_takes_no_more_of_an_endless_iterator_than_it_is_told() {
    for driver in DRIVERS {
        let squares = concurrent! { for n in (1_u64..).take(20) => n * n };
        let squares = squares.driver(driver).limit(3).run().unwrap();
        assert_eq!((squares.len(), squares[19]), (20, 400));
    }
}

#[test]
fn for_takes_patterns_lists_and_nested_names() {
    let (count, rows) = (2_u32, vec![(1_u32, Some([2_u32, 3])), (4, None)]);
    for driver in DRIVERS {
        let rows = rows.clone();
        let sums = concurrent! {
            for (i, (first, rest)) in rows.into_iter().enumerate() => [count] {
                unreadable!(count * 2) + u32::try_from(i)? + first + rest.map_or(0, |[a, b]| a + b)
            }
        };
        assert_eq!(sums.driver(driver).run().unwrap(), [10, 9]);
    }
}
