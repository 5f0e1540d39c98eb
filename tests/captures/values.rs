//! Which values are captured: owned and lent, `self`, fields of them, functions.

use std::path::Path;
use std::sync::Arc;

use concur::{Driver, concurrent};

use crate::DRIVERS;
use crate::shop::{Region, Shop, shop};

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

/// What the messages advise for values that are no data by themselves.
#[test]
fn what_is_shared_long_or_mutable_is_captured_by_reference() {
    let (shared, name) = (Arc::new(vec![1, 2]), Arc::<str>::from("ann"));
    let (key, names) = ([7_u8; 64], vec![Arc::clone(&name)]);
    let mut ages = [30, 40];
    let slice = &mut ages[..];
    slice[0] = 31;
    let (shared, name, key, slice) = (&*shared, &*name, &key[..], &*slice);
    let names = names.iter().map(|one| (**one).to_owned()).collect::<Vec<_>>();
    for driver in DRIVERS {
        let results = concurrent! {
            shared => shared.len(),
            name => name.len() + names[0].len(),
            key => key.to_vec(),
            slice => slice[0],
            given => Arc::unwrap_or_clone(Arc::new(5)),
        };
        assert_eq!(results.driver(driver).run().unwrap(), (2, 6, vec![7; 64], 31, 5));
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
