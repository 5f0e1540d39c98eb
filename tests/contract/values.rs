//! Values that cannot be encoded or decoded: the failure of one task, told as what it is.

use concur::{Driver, ErrorKind, concurrent};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use super::{Marks, mark};

/// How a value misbehaves.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    Fails,
    Panics,
    Behaves,
}

/// A value whose `Serialize` misbehaves.
struct BadToEncode(Way);

impl Serialize for BadToEncode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Way::Fails => Err(ser::Error::custom("it has no form")),
            Way::Panics => panic!("it never had a form"),
            Way::Behaves => serializer.serialize_u8(7),
        }
    }
}

impl<'de> Deserialize<'de> for BadToEncode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u8::deserialize(deserializer).map(|_| Self(Way::Behaves))
    }
}

/// A value whose `Deserialize` misbehaves.
struct BadToDecode(Way);

impl Serialize for BadToDecode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(match self.0 {
            Way::Fails => 0,
            Way::Panics => 1,
            Way::Behaves => 2,
        })
    }
}

impl<'de> Deserialize<'de> for BadToDecode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            0 => Err(de::Error::custom("it makes no sense")),
            1 => panic!("it never made sense"),
            _ => Ok(Self(Way::Behaves)),
        }
    }
}

/// The pool goes on: the next task on this driver gets its result.
fn goes_on(driver: &Driver) {
    let (next,) = concurrent! { next => 6 * 7 }.driver(driver.clone()).run().expect("it is fine");
    assert_eq!(next, 42);
}

pub(crate) fn arguments_that_cannot_be_encoded_are_not_sent(driver: &Driver) {
    let marks = Marks::new();
    let dir = marks.dir();
    for (way, reason) in [(Way::Fails, "it has no form"), (Way::Panics, "it never had a form")] {
        let bad = BadToEncode(way);
        let err = concurrent! {
            bad => { let _ = &bad; mark(&dir, "begun"); },
        }
        .driver(driver.clone())
        .run()
        .expect_err("it cannot be encoded");
        assert_eq!((err.kind(), err.task()), (ErrorKind::Encode, Some("bad")), "{err}");
        says(&err, reason);
        let failure = &err.failures()[0];
        assert_eq!((failure.may_have_run(), failure.attempts(), failure.pid()), (false, 0, None));
        goes_on(driver);
    }
    assert!(!marks.has("begun"), "it began");
}

pub(crate) fn an_argument_that_cannot_be_encoded_stops_those_before_it(driver: &Driver) {
    let marks = Marks::new();
    let (dir, bad) = (marks.dir(), BadToEncode(Way::Fails));
    let err = concurrent! {
        first => mark(&dir, "first"),
        second => { let _ = &bad; },
    }
    .driver(driver.clone())
    .run()
    .expect_err("it cannot be encoded");
    assert_eq!((err.kind(), err.task()), (ErrorKind::Encode, Some("second")), "{err}");
    goes_on(driver);
    assert!(!marks.has("first"), "the first task ran");
}

/// A value whose own words must not be taken for those of the codec.
struct Wordy;

impl Serialize for Wordy {
    fn serialize<S: Serializer>(&self, _serializer: S) -> Result<S::Ok, S::Error> {
        Err(ser::Error::custom("there are too many of any kind"))
    }
}

impl<'de> Deserialize<'de> for Wordy {
    fn deserialize<D: Deserializer<'de>>(_deserializer: D) -> Result<Self, D::Error> {
        Err(de::Error::custom("there are too many of any kind"))
    }
}

/// The error says what the type itself said; the codec postcard keeps no messages of types.
fn says(err: &impl std::fmt::Display, reason: &str) {
    let text = err.to_string();
    let is_mute = cfg!(feature = "postcard") && text.contains("Custom");
    assert!(is_mute || text.contains(reason), "{text}");
}

pub(crate) fn an_own_message_is_left_as_it_is(driver: &Driver) {
    let wordy = Wordy;
    let err = concurrent! { wordy => { let _ = &wordy; } }
        .driver(driver.clone())
        .run()
        .expect_err("it cannot be encoded");
    assert_eq!(err.kind(), ErrorKind::Encode);
    let text = err.to_string();
    assert!(!text.contains("Json") && !text.contains("describes itself"), "{text}");
    // The other codec keeps no message.
    if cfg!(not(feature = "postcard")) {
        assert!(text.contains("there are too many of any kind"), "{text}");
    }
}

pub(crate) fn items_that_cannot_be_encoded_fail_alone(driver: &Driver) {
    let ways = [Way::Behaves, Way::Fails, Way::Behaves, Way::Panics, Way::Behaves];
    let items = ways.map(BadToEncode).into_iter();
    let results = concurrent! { for item in items => { let _ = item; 1_u8 } }
        .driver(driver.clone())
        .settle()
        .run()
        .expect("a settled run does not fail");
    for (way, result) in ways.iter().zip(results) {
        match result {
            Ok(one) => assert_eq!((*way, one), (Way::Behaves, 1)),
            Err(err) => assert_eq!((*way != Way::Behaves, err.kind()), (true, ErrorKind::Encode)),
        }
    }

    // What all items share fails each of them, and nothing hangs.
    let shared = BadToEncode(Way::Fails);
    let err = concurrent! { for item in 0..5_u8 => { let _ = &shared; item } }
        .driver(driver.clone())
        .run()
        .expect_err("it cannot be encoded");
    assert_eq!(err.kind(), ErrorKind::Encode);
    goes_on(driver);
}

pub(crate) fn results_that_cannot_be_encoded_fail_their_task(driver: &Driver) {
    let (fails, panics, fine) = concurrent! {
        fails => (vec![1_u8; 100], BadToEncode(Way::Fails)),
        panics => (vec![2_u8; 100_000], BadToEncode(Way::Panics)),
        fine => 3,
    }
    .driver(driver.clone())
    .settle()
    .run()
    .expect("a settled run does not fail");
    let fails = fails.map(|_| ()).expect_err("it cannot be encoded");
    assert_eq!((fails.kind(), fails.may_have_run()), (ErrorKind::Encode, true));
    says(&fails, "it has no form");
    let panics = panics.map(|_| ()).expect_err("it panics while it is encoded");
    assert_eq!(panics.kind(), ErrorKind::Panicked);
    assert!(panics.to_string().contains("it never had a form"), "{panics}");
    assert_eq!(fine.expect("it is fine"), 3);
    goes_on(driver);
}

pub(crate) fn arguments_that_cannot_be_decoded_fail_their_task(driver: &Driver) {
    let (fails, panics) = (BadToDecode(Way::Fails), BadToDecode(Way::Panics));
    let (failed, panicked, fine) = concurrent! {
        failed => { let _ = &fails; },
        panicked => { let _ = &panics; },
        fine => 3,
    }
    .driver(driver.clone())
    .settle()
    .run()
    .expect("a settled run does not fail");
    let failed = failed.expect_err("it cannot be decoded");
    assert_eq!(failed.kind(), ErrorKind::Decode);
    says(&failed, "it makes no sense");
    let panicked = panicked.expect_err("it panics while it is decoded");
    assert_eq!(panicked.kind(), ErrorKind::Panicked);
    assert!(panicked.to_string().contains("it never made sense"), "{panicked}");
    assert_eq!(fine.expect("it is fine"), 3);
    goes_on(driver);
}

pub(crate) fn results_that_cannot_be_decoded_fail_their_task(driver: &Driver) {
    let (fails, panics, fine) = concurrent! {
        fails => BadToDecode(Way::Fails),
        panics => BadToDecode(Way::Panics),
        fine => 3,
    }
    .driver(driver.clone())
    .settle()
    .run()
    .expect("a settled run does not fail");
    for (result, reason) in [(fails, "it makes no sense"), (panics, "it never made sense")] {
        let err = result.map(|_| ()).expect_err("it cannot be decoded");
        assert_eq!((err.kind(), err.may_have_run()), (ErrorKind::Decode, true));
        says(&err, reason);
    }
    assert_eq!(fine.expect("it is fine"), 3);

    let err = concurrent! { panics => BadToDecode(Way::Panics) }
        .driver(driver.clone())
        .run()
        .map(|_| ())
        .expect_err("it cannot be decoded");
    assert_eq!((err.kind(), err.task()), (ErrorKind::Decode, Some("panics")));
    goes_on(driver);
}

/// Leaves a field out for some of its values, which the codecs do not write down.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Order {
    id: u32,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    urgent: bool,
    confirmed: Option<bool>,
}

impl Order {
    const fn new(urgent: bool) -> Self {
        Self { id: 7, urgent, confirmed: Some(false) }
    }
}

/// The same in a variant.
#[derive(Debug, Serialize, Deserialize)]
enum Step {
    Wait {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<u32>,
    },
}

pub(crate) fn a_value_that_leaves_a_field_out_is_refused(driver: &Driver) {
    let (whole, lacking) = (Order::new(true), Order::new(false));
    let (kept,) = concurrent! { kept => whole == Order::new(true) }
        .driver(driver.clone())
        .run()
        .expect("nothing is left out");
    assert!(kept);
    let deep = vec![(1_u8, Some(Order::new(true))), (2, Some(Order::new(false)))];
    let step = Step::Wait { until: None };
    let (captured, within, variant, returned) = concurrent! {
        captured => format!("{lacking:?}"),
        within => deep.len(),
        variant => format!("{step:?}"),
        returned => Order::new(false),
    }
    .driver(driver.clone())
    .settle()
    .run()
    .expect("a settled run does not fail");
    let errors = [
        captured.map(drop).expect_err("a field is left out"),
        within.map(drop).expect_err("a field is left out further down"),
        returned.map(drop).expect_err("a field is left out of the result"),
    ];
    for err in errors {
        assert_eq!(err.kind(), ErrorKind::Encode, "{err}");
        let text = err.to_string();
        assert!(text.contains("field `urgent` of `Order` is left out"), "{text}");
        assert!(text.contains("concur::Json"), "{text}");
    }
    let variant = variant.expect_err("a field of a variant is left out");
    assert!(variant.to_string().contains("field `until` of `Wait` is left out"), "{variant}");
    goes_on(driver);
}

/// Leaves a field out whatever its value.
#[derive(Serialize, Deserialize)]
struct OneSided {
    #[serde(skip_serializing, default)]
    hidden: u32,
    shown: u32,
}

pub(crate) fn a_value_that_reads_more_than_it_writes_says_what_to_do(driver: &Driver) {
    let value = OneSided { hidden: 1, shown: 2 };
    let err = concurrent! { sum => value.hidden + value.shown, whole => { let _ = &value; } }
        .driver(driver.clone())
        .settle()
        .run()
        .map(|(sum, whole)| (sum.is_ok(), whole.expect_err("it lacks a field")));
    let (sum, err) = err.expect("a settled run does not fail");
    assert!(sum, "single fields travel");
    assert_eq!(err.kind(), ErrorKind::Decode);
    assert!(err.to_string().contains("does not read what it writes"), "{err}");
    goes_on(driver);
}

pub(crate) fn a_value_that_describes_itself_says_what_to_do(driver: &Driver) {
    let value = serde_json::json!({ "a": [1, 2, 3] });
    let err = concurrent! { size => value.as_object().map_or(0, serde_json::Map::len) }
        .driver(driver.clone())
        .run()
        .expect_err("it describes itself");
    assert!(matches!(err.kind(), ErrorKind::Encode | ErrorKind::Decode), "{err}");
    assert!(err.to_string().contains("concur::Json"), "{err}");
    goes_on(driver);
}
