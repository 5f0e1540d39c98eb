//! How a faked task ends.

use std::error::Error;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use serde::Serialize;

use super::captures::{CaptureTuple, Captured};
use super::types::Type;
use crate::codec;
use crate::error::PanicInfo;
use crate::outcome::{Death, LastWords};
use crate::payload::Payload;
use crate::task::failure::{Failure, Report};
use crate::task::raising::AsValue;

/// How a faked task ends, once: what [`Fake::answers`](super::Fake::answers),
/// [`Fake::always`](super::Fake::always) and [`Fake::decides`](super::Fake::decides) are told.
///
/// Each way has a method of the same name on [`Fake`](super::Fake), for a task that always ends so.
///
/// # Examples
///
/// ```
/// use concur::{concurrent, testing::{self, Answer}};
///
/// let fake = testing::fake();
/// fake.answers("price", [Answer::times_out(), Answer::exits(3), Answer::returns(7_u64)]);
///
/// let (price,) = concurrent! { price => 0_u64 }.retries(2).run()?;
/// assert_eq!(price, 7);
/// assert_eq!((fake.ran("price"), fake.attempts("price")), (1, 3));
/// # Ok::<(), concur::Error>(())
/// ```
#[derive(Clone)]
pub struct Answer(pub(super) Way);

/// The ways to end.
#[derive(Clone)]
pub(super) enum Way {
    Returns(Value),
    Fails(Report),
    Panics(PanicInfo),
    TimesOut,
    Dies(Death, Option<LastWords>),
    CannotStart(String),
    FindsNoRoom,
    IsCancelled,
    /// A closure says it.
    Decides(Arc<Decide>),
    /// Not faked after all.
    PassesThrough,
}

/// Makes an answer of what a task captured, or says why it cannot read that.
pub(super) type Decide = dyn Fn(&Captured) -> Result<Answer, String> + Send + Sync;

/// An encoded result.
#[derive(Clone)]
pub(super) struct Value {
    /// Its bytes, or why it cannot be encoded.
    pub(super) bytes: Result<Arc<[u8]>, String>,
    pub(super) of: Type,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Way::Returns(value) => write!(f, "returns a value of the type `{}`", value.of.name),
            Way::Fails(report) => write!(f, "fails: {}", report.message),
            Way::Panics(info) => write!(f, "panics: {info}"),
            Way::TimesOut => f.write_str("times out"),
            Way::Dies(death, _) => write!(f, "dies: {death:?}"),
            Way::CannotStart(reason) => write!(f, "cannot start: {reason}"),
            Way::FindsNoRoom => f.write_str("finds no room"),
            Way::IsCancelled => f.write_str("is cancelled"),
            Way::Decides(_) => f.write_str("asks a closure"),
            Way::PassesThrough => f.write_str("runs really"),
        }
    }
}

impl Answer {
    /// The task gives this value, which must be of the very type of its result: `10_u64` for a `u64`,
    /// a `String` for a `String`. Another type is an error of the kind
    /// [`Decode`](crate::ErrorKind::Decode) that names both. It is encoded at once.
    pub fn returns<T: Serialize + 'static>(value: T) -> Self {
        let mut payload = Payload::new();
        let encoded = codec::encode_owned(&value, &mut payload);
        let bytes = encoded.map(|()| payload.bytes().into()).map_err(|err| err.to_string());
        Self(Way::Returns(Value { bytes, of: Type::of::<T>() }))
    }

    /// The task fails, as by `?`, with any error, its sources, or
    /// [`Failure::permanent`](crate::Failure::permanent): kind [`Failed`](crate::ErrorKind::Failed).
    pub fn fails(err: impl Into<Failure>) -> Self {
        Self(Way::Fails(err.into().into_report()))
    }

    /// [`fails`](Answer::fails) with an error that travels as data, as that of an annotated function
    /// does: [`TaskError::decode_error`](crate::TaskError::decode_error) gives it back.
    pub fn fails_with<E>(err: E) -> Self
    where
        E: Into<Box<dyn Error + Send + Sync>> + Serialize,
    {
        Self::fails(AsValue.fail(err))
    }

    /// The task panics, at the place where this is written: kind
    /// [`Panicked`](crate::ErrorKind::Panicked). Nothing panics in the test.
    #[track_caller]
    pub fn panics(message: impl Into<String>) -> Self {
        let place = Location::caller();
        Self(Way::Panics(PanicInfo {
            file: Some(place.file().to_owned()),
            line: Some(place.line()),
            column: Some(place.column()),
            ..PanicInfo::from_message(message.into())
        }))
    }

    /// The task runs past its timeout, or past the deadline if it has no timeout: kind
    /// [`TimedOut`](crate::ErrorKind::TimedOut). No time passes.
    #[must_use]
    pub fn times_out() -> Self {
        Self(Way::TimesOut)
    }

    /// The worker is killed by SIGKILL: kind [`Killed`](crate::ErrorKind::Killed).
    #[must_use]
    pub fn is_killed() -> Self {
        Self::is_killed_by(9)
    }

    /// The worker is killed by this signal: kind [`Killed`](crate::ErrorKind::Killed).
    #[must_use]
    pub fn is_killed_by(signal: i32) -> Self {
        Self(Way::Dies(Death::Signalled(signal), None))
    }

    /// The worker exits with this code: kind [`Exited`](crate::ErrorKind::Exited), for 0 too.
    #[must_use]
    pub fn exits(code: i32) -> Self {
        Self(Way::Dies(Death::Exited(code), None))
    }

    /// An allocation fails in the worker: kind [`OutOfMemory`](crate::ErrorKind::OutOfMemory).
    #[must_use]
    pub fn runs_out_of_memory() -> Self {
        const ABORT: i32 = 6;
        Self(Way::Dies(Death::Signalled(ABORT), Some(LastWords::FailedAllocation)))
    }

    /// No worker can be had, for this reason: kind [`Start`](crate::ErrorKind::Start).
    pub fn cannot_start(reason: impl Into<String>) -> Self {
        Self(Way::CannotStart(reason.into()))
    }

    /// The queue for its driver is full: kind [`Overloaded`](crate::ErrorKind::Overloaded).
    #[must_use]
    pub fn finds_no_room() -> Self {
        Self(Way::FindsNoRoom)
    }

    /// The task is cancelled: kind [`Cancelled`](crate::ErrorKind::Cancelled).
    #[must_use]
    pub fn is_cancelled() -> Self {
        Self(Way::IsCancelled)
    }

    /// A closure computes the value, in the test's process. What holds for a task on driver Sync holds
    /// for it: its panic is that of the task, it cannot be stopped, and if it ends when the timeout is
    /// over, the task timed out; [`task::current`](crate::inside::current) tells it which task it is.
    pub fn runs<T, F>(work: F) -> Self
    where
        T: Serialize + 'static,
        F: Fn() -> T + Send + Sync + 'static,
    {
        Self(Way::Decides(Arc::new(move |_| Ok(Self::returns(work())))))
    }

    /// [`runs`](Answer::runs) with what the task captured; see [`CaptureTuple`].
    pub fn runs_with<C, T, F>(work: F) -> Self
    where
        C: CaptureTuple,
        T: Serialize + 'static,
        F: Fn(C) -> T + Send + Sync + 'static,
    {
        Self::decides(move |captures| Self::returns(work(captures)))
    }

    /// A closure decides, by what the task captured; see [`CaptureTuple`].
    pub fn decides<C, F>(decide: F) -> Self
    where
        C: CaptureTuple,
        F: Fn(C) -> Self + Send + Sync + 'static,
    {
        Self(Way::Decides(Arc::new(move |captured| captured.decode().map(&decide))))
    }

    /// The task runs really, on its driver.
    #[must_use]
    pub fn passes_through() -> Self {
        Self(Way::PassesThrough)
    }
}
