//! How tasks of functions fail: by their error, told in words and, where its type can travel, as the
//! value it was.

use std::error::Error;
use std::fmt;
use std::num::ParseIntError;

use concur::attr::concurrent;
use concur::{ErrorKind, Failure, TaskError};
use serde::{Deserialize, Serialize};

use super::everywhere;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum PriceError {
    Unknown { sku: u32, shops: Vec<String> },
    Closed,
}

impl fmt::Display for PriceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { sku, .. } => write!(f, "there is no {sku}"),
            Self::Closed => f.write_str("closed"),
        }
    }
}

impl Error for PriceError {}

/// An error that only a format which describes itself can carry.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    Busy {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<u32>,
    },
}

impl fmt::Display for Tagged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("busy")
    }
}

impl Error for Tagged {}

/// An error with a source, which cannot travel itself.
#[derive(Debug)]
struct Wrapped(ParseIntError);

impl fmt::Display for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no price tag")
    }
}

impl Error for Wrapped {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

type PriceResult<T> = Result<T, PriceError>;
type Outcome<T> = Result<T, PriceError>;

#[concurrent]
fn price(sku: u32) -> Result<u64, PriceError> {
    match sku {
        0 => Err(PriceError::Closed),
        7 => Err(PriceError::Unknown { sku, shops: vec!["EU".to_owned()] }),
        _ => Ok(u64::from(sku) * 100),
    }
}

#[concurrent]
fn by_alias(sku: u32) -> PriceResult<u64> {
    price(sku)
}

#[concurrent(fallible)]
fn by_word(sku: u32) -> Outcome<u64> {
    price(sku)
}

#[concurrent]
fn as_value(sku: u32) -> Outcome<u64> {
    price(sku)
}

#[concurrent(fallible = false)]
fn told_to_be_value(sku: u32) -> Result<u64, PriceError> {
    price(sku)
}

#[concurrent]
fn wrapped(text: &str) -> Result<u32, Wrapped> {
    text.parse().map_err(Wrapped)
}

#[concurrent]
fn boxed(text: &str) -> Result<u32, Box<dyn Error + Send + Sync>> {
    Ok(text.parse()?)
}

#[concurrent]
fn any(text: &str) -> anyhow::Result<u32> {
    anyhow::Context::context(text.parse(), "reading the tag")
}

#[concurrent]
fn in_words(text: &str) -> Result<u32, &'static str> {
    text.parse().map_err(|_| "no number")
}

#[concurrent]
fn text(number: u32) -> Result<(), String> {
    Err(format!("{number} is wrong"))
}

#[concurrent]
fn tagged(until: Option<u32>) -> Result<(), Tagged> {
    Err(Tagged::Busy { until })
}

#[concurrent]
fn final_word() -> Result<(), Failure> {
    Err(Failure::permanent("there is no token"))
}

/// Its error is a value, and says of itself whether another attempt may help.
#[concurrent]
fn judged(sku: u32) -> Result<u64, Failure> {
    price(sku).map_err(|err| match err {
        PriceError::Closed => Failure::carrying(err),
        PriceError::Unknown { .. } => Failure::carrying(err).permanently(),
    })
}

#[concurrent]
fn formatted() -> fmt::Result {
    Err(fmt::Error)
}

fn failure<T>(result: Result<T, concur::Error>) -> TaskError {
    let err = result.err().expect("the task fails");
    err.failures()[0].clone()
}

#[test]
fn the_very_error_comes_back() {
    let unknown = PriceError::Unknown { sku: 7, shops: vec!["EU".to_owned()] };
    everywhere(|driver| {
        let err = failure(price_task(7).driver(driver.clone()).run());
        assert_eq!((err.kind(), err.message()), (ErrorKind::Failed, "there is no 7"));
        assert_eq!(err.decode_error(), Some(unknown.clone()));
        assert_eq!(err.decode_error::<String>(), None);
        let err = failure(price_task(0).driver(driver.clone()).run());
        assert_eq!(err.decode_error(), Some(PriceError::Closed));
        let err = failure(text_task(3).driver(driver.clone()).run());
        assert_eq!(err.decode_error(), Some("3 is wrong".to_owned()));
        assert_eq!(price_task(1).driver(driver).run().unwrap(), 100);
    });
}

#[test]
fn whether_a_function_fails_is_read_from_its_type() {
    everywhere(|driver| {
        let err = failure(by_alias_task(7).driver(driver.clone()).run());
        assert!(err.decode_error::<PriceError>().is_some());
        let err = failure(by_word_task(0).driver(driver.clone()).run());
        assert_eq!(err.decode_error(), Some(PriceError::Closed));
        assert_eq!(by_word_task(2).driver(driver.clone()).run().unwrap(), 200);
        let value: Outcome<u64> = as_value_task(0).driver(driver.clone()).run().unwrap();
        assert_eq!(value, Err(PriceError::Closed));
        assert_eq!(told_to_be_value_task(2).driver(driver.clone()).run().unwrap(), Ok(200));
        let err = failure(formatted_task().driver(driver).run());
        assert_eq!(err.kind(), ErrorKind::Failed);
    });
}

#[test]
fn an_error_that_cannot_travel_is_told_with_its_sources() {
    everywhere(|driver| {
        let err = failure(wrapped_task("x").driver(driver.clone()).run());
        assert_eq!(err.message(), "no price tag");
        let source = err.source().expect("the source crosses").to_string();
        assert_eq!(source, "invalid digit found in string");
        assert!(err.to_string().starts_with("task `wrapped` failed: no price tag"), "{err}");
        assert!(format!("{err:?}").contains("invalid digit"), "{err:?}");
        let err = failure(boxed_task("x").driver(driver.clone()).run());
        assert_eq!(err.message(), "invalid digit found in string");
        let err = failure(any_task("x").driver(driver.clone()).run());
        assert_eq!(err.message(), "reading the tag");
        assert!(err.source().is_some());
        let err = failure(in_words_task("x").driver(driver).run());
        assert_eq!(err.message(), "no number");
        assert_eq!(err.decode_error::<String>(), None);
    });
}

#[cfg(feature = "json")]
#[test]
fn an_error_that_describes_itself_comes_back_too() {
    everywhere(|driver| {
        for until in [None, Some(7)] {
            let err = failure(tagged_task(until).driver(driver.clone()).run());
            assert_eq!(err.decode_error(), Some(Tagged::Busy { until }));
        }
    });
}

#[test]
fn a_failure_may_carry_the_error_that_it_is_made_of() {
    let unknown = PriceError::Unknown { sku: 7, shops: vec!["EU".to_owned()] };
    everywhere(|driver| {
        let err = failure(judged_task(7).retries(2).driver(driver.clone()).run());
        assert_eq!((err.attempts(), err.message()), (1, "there is no 7"));
        assert_eq!(err.decode_error(), Some(unknown.clone()));
        let err = failure(judged_task(0).retries(2).driver(driver.clone()).run());
        assert_eq!((err.attempts(), err.decode_error()), (3, Some(PriceError::Closed)));
        let sku = 7;
        let block = concur::concurrent! { price => price(sku).map_err(Failure::carrying)? };
        let err = failure(block.driver(driver).run());
        assert_eq!(err.decode_error(), Some(unknown.clone()));
        assert_eq!(err.decode_error::<String>(), None);
    });
}

#[test]
fn an_error_too_large_to_travel_is_told_in_words() {
    everywhere(|driver| {
        let block = concur::concurrent! {
            large => { Err::<(), _>(Failure::carrying("x".repeat(17 << 10)))?; }
        };
        let err = failure(block.driver(driver).run());
        assert_eq!(err.decode_error::<String>(), None);
        assert!(err.message().starts_with("xxx"), "{err}");
    });
}

#[test]
fn a_failure_keeps_what_it_says_of_another_try() {
    let err = failure(final_word_task().retries(5).run());
    assert_eq!((err.attempts(), err.message()), (1, "there is no token"));
}

#[test]
fn an_error_names_the_function_and_its_place() {
    #[rustfmt::skip]
    #[concurrent]
    #[inline]
    fn here() -> Result<(), String> { Err(line!().to_string()) }

    let err = failure(here_task().run());
    assert_eq!((err.task(), err.file()), ("here", file!()));
    assert_eq!(err.line().to_string(), err.message());
}
