//! Blocks of every form in a crate that forbids what can be forbidden: they compile without a
//! warning of rustc or clippy, without `unsafe` of the user's, and without the prelude.
#![forbid(unsafe_code)]
#![deny(warnings)]
#![warn(clippy::pedantic)]
#![no_implicit_prelude]

use ::concur::{Driver, Error, concurrent};
use ::std::iter::Iterator;
use ::std::prelude::v1::{Clone, Some, ToOwned, test};
use ::std::result::Result::{self, Ok};
use ::std::string::String;
use ::std::string::ToString;
use ::std::vec::Vec;
use ::std::{assert_eq, format, vec};

#[derive(::serde::Serialize, ::serde::Deserialize)]
struct Shop {
    name: String,
}

impl Shop {
    fn len(&self) -> usize {
        self.name.len()
    }

    fn both(&self, driver: Driver) -> Result<(usize, String), Error> {
        concurrent! { len => self.len(), name => self.name.clone() }.driver(driver).run()
    }
}

const fn next(n: u32) -> u32 {
    n + 1
}

fn every_form(driver: &Driver) -> Result<(), Error> {
    let (n, text, list) = (3, "text", vec!["a".to_owned()]);
    let () = concurrent! {}.driver(driver.clone()).run()?;
    let results = concurrent! {
        unit => {},
        number => n,
        block => { n + 1 },
        braces => { let m = n; m + m },
        inline => format!("{text} {}", n),
        fallible => text.trim_start_matches('t').len(),
        listed => [n] next(n),
        branch => if n > 2 { next(n) } else { 0 },
        closure => list.iter().map(String::len).sum::<usize>(),
        result => text.parse::<u32>().map_err(|err| err.to_string()),
        question => "7".parse::<u32>()?,
    };
    let results = results.driver(driver.clone()).settle().run()?;
    assert_eq!((results.1.ok(), results.6.ok()), (Some(3), Some(4)));
    let all: Vec<u32> = concurrent! { for n in 0..3 => n }.driver(driver.clone()).run()?;
    assert_eq!(all, [0, 1, 2]);
    let all = concurrent! { for (i, item) in list.iter().enumerate().map(|(i, item)| (i, item.clone())) => { i + item.len() } };
    assert_eq!(all.driver(driver.clone()).run()?, [1]);
    let unused = concurrent! { for _ in 0..2 => n };
    assert_eq!(unused.driver(driver.clone()).run()?, [3, 3]);
    assert_eq!(Shop { name: text.to_owned() }.both(driver.clone())?, (4, text.to_owned()));
    ::std::mem::drop(list);
    Ok(())
}

#[test]
fn blocks_of_every_form_compile_without_a_warning() -> Result<(), Error> {
    every_form(&Driver::Sync)?;
    every_form(&Driver::Process)
}
