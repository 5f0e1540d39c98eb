//! Blocks and hooks of every form in a crate that forbids what can be forbidden: they compile without a
//! warning of rustc or clippy, without `unsafe` of the user's, and without the prelude.
#![forbid(unsafe_code)]
#![deny(warnings)]
#![warn(clippy::pedantic, clippy::nursery)]
#![no_implicit_prelude]

use ::concur::{Driver, Error, Task, concurrent, task};
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
        #[task(timeout = "9s", retries = 1)]
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

fn stops() -> ! {
    ::std::process::exit(3)
}

#[test]
fn a_task_that_never_ends_compiles_without_a_warning() {
    let stopped = concurrent! { stops => stops() }.driver(Driver::Process).run();
    assert_eq!(stopped.map_err(|err| err.kind()), Result::Err(::concur::ErrorKind::Exited));
    let n = 3;
    let stopped = concurrent! {
        after => {
            let next = next(n);
            if next > 0 {
                stops()
            }
            stops();
        },
        fine => n,
    };
    let (after, fine) = stopped.driver(Driver::Process).settle().run().unwrap();
    assert_eq!(after.map_err(|err| err.kind()), Result::Err(::concur::ErrorKind::Exited));
    assert_eq!(fine.ok(), Some(3));
    let all = concurrent! { for n in 0..2 => { let _ = n; stops(); } };
    assert_eq!(
        all.driver(Driver::Process).run().map_err(|err| err.kind()),
        Result::Err(::concur::ErrorKind::Exited)
    );
}

static LOADED: ::std::sync::OnceLock<u32> = ::std::sync::OnceLock::new();
static LOCAL: ::concur::WorkerLocal<Result<u32, String>> =
    ::concur::WorkerLocal::new(|| LOADED.get().copied().ok_or_else(String::new));

#[::concur::preload]
pub(crate) const fn nothing() {}

#[::concur::preload]
#[deprecated = "it is called all the same"]
fn r#static() -> Result<(), u32Error> {
    LOADED.set(7).map_err(u32Error)
}

#[::concur::preload]
#[cfg(any())]
fn left_out(of: the_build) {}

#[::concur::preload]
#[::concur::on_worker_start]
#[must_use = "twice a hook"]
fn both() -> Result<(), String> {
    mod inside {
        #[::concur::on_worker_start]
        const fn deeper() {
            #[::concur::on_worker_start]
            const fn deepest() {}
        }
    }
    "7".parse::<u32>().map(::std::mem::drop).map_err(|err| err.to_string())
}

impl Shop {
    /// Also one of the methods.
    #[::concur::preload]
    #[must_use]
    pub const fn open() -> Result<(), String> {
        Ok(())
    }
}

trait Opens {
    #[::concur::on_worker_start]
    fn opens() {
        ::std::assert!(LOADED.get().is_some());
    }
}

impl<T> Opens for [T] {
    #[::concur::on_worker_start]
    #[::concur::on_worker_start]
    fn opens() {
        ::std::assert!(LOADED.get().is_some());
    }
}

#[::concur::on_deferred_failure]
const fn alarm(_failure: &::concur::TaskError) {}

#[::concur::on_deferred_failure]
fn alarms(mut failure: &::concur::TaskError) -> Result<(), String> {
    if let Some(earlier) = failure.earlier().first() {
        failure = earlier;
    }
    Result::Err(failure.to_string())
}

/// An error with a name that is no type's.
#[expect(non_camel_case_types, reason = "whatever it is called")]
#[derive(Debug)]
struct u32Error(u32);

impl ::std::fmt::Display for u32Error {
    fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
        ::std::write!(f, "{}", self.0)
    }
}

impl ::std::error::Error for u32Error {}

#[test]
fn hooks_of_every_form_compile_without_a_warning() -> Result<(), Error> {
    let (loaded,) = concurrent! { loaded => LOCAL.try_with(|loaded| *loaded)? }
        .driver(Driver::Process)
        .run()?;
    assert_eq!(loaded, 7);
    Ok(())
}

#[test]
fn blocks_of_every_form_compile_without_a_warning() -> Result<(), Error> {
    every_form(&Driver::Sync)?;
    every_form(&Driver::Process)
}

/// Functions and methods that make tasks: what is written beside them asks for no lint either.
pub mod annotated {
    use super::{
        Clone as _, Driver, Error, Ok, Result, String, Task, ToOwned as _, Vec, task, test,
    };
    use ::concur::attr::concurrent;
    use ::std::assert_eq;
    use ::std::iter::{IntoIterator as _, Iterator as _};

    /// Public, with everything that an attribute can say.
    ///
    /// # Errors
    ///
    /// As the text is.
    #[task(
        name = "strict",
        timeout = "30s",
        deadline = "1m",
        retries = 1,
        backoff = "10ms",
        driver = "sync",
        isolated = false,
        memory_limit = "1GiB",
        fallible
    )]
    pub fn everything(
        text: &str,
        mut list: Vec<u8>,
        (a, b): (u8, u8),
        _: u8,
    ) -> Result<usize, ::std::num::ParseIntError> {
        list.push(text.parse::<u8>()? + a + b);
        Ok(list.len())
    }

    /// Const, deprecated, with an argument that is not used.
    #[concurrent]
    #[must_use]
    #[deprecated]
    pub const fn by_value(number: usize, _unused: u8) -> usize {
        number
    }

    /// By value, and not taken apart.
    #[concurrent]
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "that is what is tested")]
    pub fn kept_whole(text: String) -> usize {
        text.len()
    }

    #[concurrent]
    #[expect(dead_code, reason = "neither it nor its task is called")]
    fn private_and_unused(text: String) -> String {
        text + "!"
    }

    #[concurrent]
    #[expect(clippy::ptr_arg, reason = "that is what is tested")]
    fn only_its_task_is_used(list: &Vec<u8>) -> usize {
        list.len()
    }

    /// With lifetimes that nobody needs to name, and types that could be shorter.
    #[concurrent]
    #[must_use]
    #[expect(clippy::needless_lifetimes, reason = "that is what is tested")]
    pub fn with_lifetimes<'a>(first: &'a str, second: ::std::vec::Vec<String>) -> String {
        second.into_iter().fold(first.to_owned(), |all, next| all + &next)
    }

    /// A type with tasks.
    #[derive(::serde::Serialize, ::serde::Deserialize)]
    pub struct Shop(String);

    trait Open {
        fn open(&self) -> Self;
    }

    #[concurrent]
    impl Shop {
        /// Makes one.
        #[concurrent]
        #[must_use]
        pub fn new(name: &str) -> Self {
            Self(name.to_owned())
        }

        /// Its name.
        #[concurrent(timeout = "3s")]
        #[must_use]
        pub fn len(&self) -> usize {
            self.0.len()
        }

        /// Whether it has none.
        #[must_use]
        pub fn is_empty(&self) -> bool {
            self.0.is_empty()
        }
    }

    #[concurrent]
    impl Open for Shop {
        #[concurrent]
        fn open(&self) -> Self {
            Self(self.0.clone())
        }
    }

    impl Shop {
        #[concurrent]
        fn alone(self) -> String {
            self.0
        }
    }

    #[test]
    fn annotated_functions_compile_without_a_warning() -> Result<(), Error> {
        let task: Task<usize> = everything_task("1", Vec::new(), (1, 2), 3);
        assert_eq!(task.run()?, 1);
        #[expect(deprecated, reason = "its task is, too")]
        let task = by_value_task(4, 1);
        assert_eq!(task.driver(Driver::Sync).run()?, 4);
        assert_eq!(kept_whole_task("text".to_owned()).run()?, 4);
        assert_eq!(only_its_task_is_used_task(&Vec::new()).run()?, 0);
        assert_eq!(with_lifetimes_task("a", Vec::new()).run()?, "a");
        let shop = Shop::new_task("corner").run()?;
        assert_eq!((shop.len_task().run()?, shop.is_empty()), (6, false));
        let opened = shop.open_task().run()?.open();
        assert_eq!(opened.alone_task().run()?, "corner");
        Ok(())
    }
}
