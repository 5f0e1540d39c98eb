//! Which names are captures: in macros, in lists by hand, and not where they are shadowed.

use concur::concurrent;

use crate::DRIVERS;
use crate::shop::shop;

#[test]
fn names_in_format_strings_are_captured() {
    let (name, width, precision, number) = ("ann", 6, 2, 1.5_f64);
    for driver in DRIVERS {
        let tasks = concurrent! {
            inline => format!("{name}"),
            spec => format!("[{name:>width$}] [{number:.precision$}] {{name}}"),
            named => format!("{given} {name:?}", given = number),
            argument => format!("{} {0} {n}", name, n = width),
            bound => { let name = 3; format!("{name}") },
        };
        let (inline, spec, named, argument, bound) = tasks.driver(driver).run().unwrap();
        assert_eq!((&*inline, &*spec), ("ann", "[   ann] [1.50] {name}"));
        assert_eq!((&*named, &*argument, &*bound), ("1.5 \"ann\"", "ann ann 6", "3"));
    }
}

#[test]
fn names_in_standard_macros_are_captured() {
    let (count, limit, names) = (3_usize, 5_usize, vec!["ann".to_owned()]);
    for driver in DRIVERS {
        let tasks = concurrent! {
            list => vec![count, limit],
            repeat => vec![limit; count],
            condition => { assert!(count < limit, "{count} is not below {limit}"); count },
            equal => { assert_eq!(names.len(), 1, "{names:?}"); assert_ne!(count, limit); limit },
            matching => matches!(names.first(), Some(name) if name.len() == count),
            written => { use std::fmt::Write; let mut text = String::new(); write!(text, "{count}")?; text },
            std_path => std::format!("{}", limit),
            pinned => *std::pin::pin!(count + limit),
        };
        let expected = (vec![3, 5], vec![5, 5, 5], 3, 5, true, "3".to_owned(), "5".to_owned(), 8);
        assert_eq!(tasks.driver(driver).run().unwrap(), expected);
    }
}

#[test]
fn a_list_by_hand_says_what_is_captured() {
    let (count, shop) = (3_u32, shop());
    for driver in DRIVERS {
        let tasks = concurrent! {
            variable => [count] unreadable!(count + 1),
            field => [shop.region.name, count] { unreadable!(shop.region.name.len()) + count as usize },
            braces => [count] { count },
            array => [count, 4].len(),
        };
        assert_eq!(tasks.driver(driver).run().unwrap(), (4, 5, 3, 2));
    }
}

#[test]
fn shadowed_names_are_the_task_s_own() {
    let (text, name, outer) = ("outer", "name", 1_u32);
    for driver in DRIVERS {
        let tasks = concurrent! {
            before => { let text = text.len(); text + 1 },
            pattern => match Some(2_u32) { Some(outer) if outer > 1 => outer, _ => 0 },
            closure => [1_u32, 2].iter().map(|outer| outer * 2).sum::<u32>(),
            changed => { let mut outer = outer; outer += 10; outer },
            let_else => { let Some(outer) = Some(5_u32) else { panic!("{text}") }; outer },
            item => { fn text() -> u32 { 9 } text() },
            name => name.to_uppercase(),
        };
        let expected = (6, 2, 6, 11, 5, 9, "NAME".to_owned());
        assert_eq!(tasks.driver(driver).run().unwrap(), expected);
    }
}

/// The `x` of the macro and the `x` of its caller are two variables.
macro_rules! adds_ten {
    ($captured:ident, $value:expr) => {
        concurrent! {
            task => {
                let x = 10_u32;
                $value + $captured + x
            },
        }
    };
}

#[test]
fn names_from_macros_do_not_meet_those_of_the_caller() {
    let (x, y) = (1_u32, 2_u32);
    let (item, words) = (5_u32, vec!["a".to_owned(), "bc".to_owned()]);
    for driver in DRIVERS {
        let tasks = adds_ten!(y, x * 100).driver(driver.clone());
        assert_eq!(tasks.run().unwrap(), (112,));
        let many = block_of!(for (i, text) in words.clone().into_iter().enumerate(); i + text.len() + item as usize);
        assert_eq!(many.driver(driver).run().unwrap(), [6, 8]);
    }
}
