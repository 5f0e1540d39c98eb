//! What a task may capture and how it sees it, and which code a block runs: on a driver that runs in
//! place and on one that runs elsewhere, which must not differ.

use concur::{Driver, concurrent};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::HashMap;
use std::fmt::Debug;
use std::path::Path;

const DRIVERS: [Driver; 2] = [Driver::Sync, Driver::Process];

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Shop {
    name: String,
    region: Region,
    counts: (u32, (u32, String)),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Region {
    name: String,
    cities: Vec<String>,
}

fn shop() -> Shop {
    let region = Region { name: "EU".to_owned(), cities: vec!["Ghent".to_owned()] };
    Shop { name: "corner".to_owned(), region, counts: (1, (2, "three".to_owned())) }
}

fn len(text: &str) -> usize {
    text.len()
}

fn twice<T: Clone>(value: &T) -> Vec<T> {
    vec![value.clone(), value.clone()]
}

#[test]
fn owned_values_and_references_are_captured_by_themselves() {
    let (number, text, list) = (7_u32, "seven".to_owned(), vec![1_u8, 2]);
    let (by_ref, by_ref_ref) = (&text, &&text);
    for driver in DRIVERS {
        let results = concurrent! {
            owned => (number, text.clone(), list.len()),
            moved => text.into_bytes().len(),
            one => by_ref.len(),
            two => by_ref_ref.len(),
        };
        let expected = ((7, "seven".to_owned(), 2), 5, 5, 5);
        assert_eq!(results.driver(driver).run().unwrap(), expected);
    }
    assert_eq!((text.len(), list.len()), (5, 2), "what was captured is still the caller's");
}

#[test]
fn unsized_references_are_captured_by_themselves() {
    let names = ["ann".to_owned(), "bob".to_owned()];
    let (text, bytes, slice): (&str, &[u8], &[String]) = ("text", b"bytes", &names);
    let (path, text_ref, slice_ref) = (Path::new("/a/b"), &"ref", &slice);
    for driver in DRIVERS {
        let results = concurrent! {
            text => len(text),
            bytes => bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>(),
            slice => slice.concat(),
            path => path.join("c"),
            text_ref => text_ref.len() + len(text_ref),
            slice_ref => slice_ref.len(),
        };
        let (text, bytes, slice, path, text_ref, slice_ref) = results.driver(driver).run().unwrap();
        assert_eq!((text, bytes, text_ref, slice_ref), (4, 551, 6, 2));
        assert_eq!((&*slice, &*path), ("annbob", Path::new("/a/b/c")));
    }
}

impl Shop {
    fn label(&self) -> String {
        format!("{} in {}", self.name, self.region.name)
    }

    fn by_ref(&self, driver: Driver) -> (String, String, usize, u32, String) {
        let tasks = concurrent! {
            method => self.label(),
            field => self.region.name.clone(),
            method_of_field => self.region.cities.len(),
            index => self.counts.0 + self.counts.1.0,
            inner => self.counts.1.1.clone(),
        };
        tasks.driver(driver).run().unwrap()
    }

    fn by_mut(&mut self, driver: Driver) -> (String, usize) {
        self.name.push('!');
        let tasks = concurrent! { method => self.label(), field => self.name.len() };
        tasks.driver(driver).run().unwrap()
    }

    fn by_value(self, driver: Driver) -> (String, Self) {
        let tasks = concurrent! { method => self.label(), whole => self };
        tasks.driver(driver).run().unwrap()
    }

    fn both(&self, driver: Driver) -> (String,) {
        let tasks = concurrent! { both => format!("{} {}", self.region.name, self.label()) };
        tasks.driver(driver).run().unwrap()
    }
}

#[test]
fn self_is_captured_in_every_form_and_by_field() {
    let label = "corner in EU".to_owned();
    for driver in DRIVERS {
        let by_ref = shop().by_ref(driver.clone());
        assert_eq!(by_ref, (label.clone(), "EU".to_owned(), 1, 3, "three".to_owned()));
        let by_mut = shop().by_mut(driver.clone());
        assert_eq!(by_mut, ("corner! in EU".to_owned(), 7));
        assert_eq!(shop().by_value(driver.clone()), (label.clone(), shop()));
        assert_eq!(shop().both(driver), (format!("EU {label}"),));
    }
}

#[test]
fn slices_of_bytes_are_captured_behind_any_reference() {
    let owned: Vec<u8> = (0..=255).collect();
    let bytes: &[u8] = &owned;
    let by_ref: &&[u8] = &bytes;
    let none: &&[u8] = &&[][..];
    for driver in DRIVERS {
        let tasks = concurrent! {
            slice => bytes.to_vec(),
            behind => by_ref.to_vec(),
            both => (bytes.len(), by_ref.len(), bytes == *by_ref),
            empty => none.len(),
        };
        let expected = (owned.clone(), owned.clone(), (256, 256, true), 0);
        assert_eq!(tasks.driver(driver).run().unwrap(), expected);
    }
}

/// Only its field can be sent.
struct Handle {
    region: Region,
    _handle: *const u8,
}

impl Handle {
    fn cities(&self, driver: Driver) -> (usize, String) {
        let tasks = concurrent! {
            cities => self.region.cities.len(),
            name => format!("{}", self.region.name),
        };
        tasks.driver(driver).run().unwrap()
    }
}

#[test]
fn a_field_is_sent_without_what_is_around_it() {
    let handle = Handle { region: shop().region, _handle: std::ptr::null() };
    let pair = (shop().region, std::ptr::null::<u8>());
    for driver in DRIVERS {
        assert_eq!(handle.cities(driver.clone()), (1, "EU".to_owned()));
        let tasks = concurrent! { outside => handle.region.name.len(), index => pair.0.name.len() };
        assert_eq!(tasks.driver(driver).run().unwrap(), (2, 2));
    }
}

#[test]
fn functions_are_values() {
    let (named, generic, plain) = (len, twice::<u8>, |n: u32| n + 1);
    let words = ["a".to_owned(), "bcd".to_owned()];
    for driver in DRIVERS {
        let tasks = concurrent! {
            path => words.iter().map(String::as_str).map(len).sum::<usize>(),
            variable => ["ab", "c"].map(named).to_vec(),
            method => words.iter().map(String::len).max(),
            turbofish => [&3_u8].map(twice::<u8>).to_vec(),
            generic => [&4].map(generic).to_vec(),
            closure => [1, 2].map(plain).to_vec(),
            listed => [named] named("four"),
        };
        let expected = (4, vec![2, 1], Some(3), vec![vec![3, 3]], vec![vec![4, 4]], vec![2, 3], 4);
        assert_eq!(tasks.driver(driver).run().unwrap(), expected);
    }
}

fn apply(function: impl Fn(&str) -> usize, text: &str) -> usize {
    function(text)
}

#[test]
fn higher_ranked_functions_stay_so() {
    let function = len;
    for driver in DRIVERS {
        let tasks = concurrent! {
            named => apply(len, "abc"),
            variable => apply(function, &String::from("ab")),
        };
        assert_eq!(tasks.driver(driver).run().unwrap(), (3, 2));
    }
}

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
        };
        let expected = (vec![3, 5], vec![5, 5, 5], 3, 5, true, "3".to_owned(), "5".to_owned());
        assert_eq!(tasks.driver(driver).run().unwrap(), expected);
    }
}

macro_rules! unreadable {
    ($($tokens:tt)*) => { $($tokens)* };
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

#[test]
fn blocks_inside_tasks_capture_through_them() {
    let (base, shop) = (1_u32, shop());
    for driver in DRIVERS {
        let tasks = concurrent! {
            outer => {
                let inner = base + 1;
                let (sum, len) = concurrent! { sum => base + inner, len => shop.region.name.len() }
                    .driver(Driver::Sync)
                    .run()?;
                let tasks = concurrent! { for n in 0..base => n + inner };
                (sum, len, tasks.driver(Driver::Sync).run()?)
            },
        };
        assert_eq!(tasks.driver(driver).run().unwrap(), ((3, 2, vec![2]),));
    }
}

macro_rules! block_of {
    ($name:ident, $value:expr) => {
        concurrent! { $name => $value }
    };
    ($($name:ident: $value:expr),*) => {
        concurrent! { $($name => $value),* }
    };
    (for $pattern:pat in $items:expr; $value:expr) => {
        concurrent! { for $pattern in $items => $value }
    };
}

#[test]
fn each_task_runs_its_own_code() {
    let n = 10_u32;
    for driver in DRIVERS {
        let one_line = concurrent! { a => n + 1, b => n + 2 }.driver(driver.clone()).run();
        assert_eq!(one_line.unwrap(), (11, 12));
        let blocks = (concurrent! { a => n + 3 }, concurrent! { a => n + 4 });
        let (first, second) = (blocks.0.driver(driver.clone()), blocks.1.driver(driver.clone()));
        assert_eq!((first.run().unwrap(), second.run().unwrap()), ((13,), (14,)));
        let (first, second) = (block_of!(a, n + 5), block_of!(a, n + 6));
        let (first, second) = (first.driver(driver.clone()), second.driver(driver.clone()));
        assert_eq!((first.run().unwrap(), second.run().unwrap()), ((15,), (16,)));
        let several = block_of!(x: n, y: n * n, z: "z".repeat(2)).driver(driver);
        assert_eq!(several.run().unwrap(), (10, 100, "zz".to_owned()));
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

fn describe<T>(value: &T, driver: Driver) -> (String, usize, T)
where
    T: Debug + Clone + Serialize + DeserializeOwned + Send + 'static,
{
    let tasks = concurrent! {
        text => format!("{value:?}"),
        size => size_of::<T>(),
        copy => value.clone(),
    };
    tasks.driver(driver).run().unwrap()
}

#[test]
fn a_block_in_a_generic_function_knows_its_types() {
    for driver in DRIVERS {
        assert_eq!(describe(&7_u8, driver.clone()), ("7".to_owned(), 1, 7));
        let text = "seven".to_owned();
        assert_eq!(describe(&text, driver), ("\"seven\"".to_owned(), 24, text));
    }
}

#[test]
fn blocks_stand_in_loops_and_closures() {
    for driver in DRIVERS {
        let mut sums = Vec::new();
        for n in 0..3_u32 {
            let (sum,) = concurrent! { sum => n + 1 }.driver(driver.clone()).run().unwrap();
            sums.push(sum);
        }
        let add = |n: u32| {
            let base = 100;
            concurrent! { sum => n + base }.driver(driver.clone()).run().unwrap().0
        };
        assert_eq!((sums, add(1), add(2)), (vec![1, 2, 3], 101, 102));
        let name = "ann".to_owned();
        let greet = |text: &str| {
            concurrent! { both => format!("{text} {name}") }.driver(driver.clone()).run().unwrap().0
        };
        let called_twice = (greet("hello"), greet("goodbye"));
        assert_eq!(called_twice, ("hello ann".to_owned(), "goodbye ann".to_owned()));
    }
}

async fn doubled(n: u32, driver: Driver) -> (u32, u32) {
    let tasks = concurrent! { once => n, twice => n * 2 };
    tasks.driver(driver).await.unwrap()
}

#[test]
fn blocks_stand_in_async_functions() {
    for driver in DRIVERS {
        assert_eq!(smol::block_on(doubled(4, driver)), (4, 8));
    }
}

#[derive(Serialize, Deserialize)]
struct Stack<T> {
    items: Vec<T>,
}

impl<T: Serialize + DeserializeOwned + Clone + Send + 'static> Stack<T> {
    fn top(&self, driver: Driver) -> (Option<T>, usize) {
        let tasks = concurrent! { top => self.items.last().cloned(), size => self.size() };
        tasks.driver(driver).run().unwrap()
    }
}

trait Sized2 {
    fn size(&self) -> usize;

    fn doubled(&self, driver: Driver) -> usize
    where
        Self: Serialize + DeserializeOwned + 'static,
    {
        concurrent! { doubled => self.size() * 2 }.driver(driver).run().unwrap().0
    }
}

impl<T> Sized2 for Stack<T> {
    fn size(&self) -> usize {
        self.items.len()
    }
}

impl Sized2 for String {
    fn size(&self) -> usize {
        self.len()
    }
}

#[test]
fn blocks_stand_in_generic_impls_and_default_methods() {
    for driver in DRIVERS {
        let (numbers, texts) =
            (Stack { items: vec![1_u8, 2] }, Stack { items: vec!["a".to_owned()] });
        assert_eq!(numbers.top(driver.clone()), (Some(2), 2));
        assert_eq!(texts.top(driver.clone()), (Some("a".to_owned()), 1));
        assert_eq!(numbers.doubled(driver.clone()), 4);
        assert_eq!("abc".to_owned().doubled(driver), 6);
    }
}

#[test]
fn a_block_may_be_empty() {
    for driver in DRIVERS {
        let () = concurrent! {}.driver(driver).run().unwrap();
    }
}

#[test]
fn sixty_four_tasks_fit_in_one_block() {
    macro_rules! block {
        ($base:ident: $($name:ident)*) => {
            concurrent! { $($name => format!("{} {}", stringify!($name), $base)),* }
        };
    }
    let base = 64;
    for driver in DRIVERS {
        let tasks = block!(base:
            t0 t1 t2 t3 t4 t5 t6 t7 t8 t9 t10 t11 t12 t13 t14 t15 t16 t17
            t18 t19 t20 t21 t22 t23 t24 t25 t26 t27 t28 t29 t30 t31 t32 t33
            t34 t35 t36 t37 t38 t39 t40 t41 t42 t43 t44 t45 t46 t47 t48 t49
            t50 t51 t52 t53 t54 t55 t56 t57 t58 t59 t60 t61 t62 t63
        );
        let results = tasks.driver(driver).run().unwrap();
        assert_eq!((&*results.0, &*results.31, &*results.63), ("t0 64", "t31 64", "t63 64"));
    }
}

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
