//! Which way the result of a task comes back, decided as [`arms`](super::arms) decides for captures.
//!
//! A macro writes `(&&&returning).__concur_result(returning)`. A type that cannot come back gets one
//! error, at the expression, and a way whose value is of any type, so that nothing that is done with
//! the result is a further error. One that never comes (`!`) is `()` to the caller. A type that is not known yet passes: the program around the block
//! may tell it, as in `let (n,): (u32,) = concurrent! { n => text.parse()? }.run()?`. For the same
//! reason nothing here can ask whether a result borrows; rustc says it, in its own words.

use std::marker::PhantomData;

use serde::{Serialize, de::DeserializeOwned};

use super::failure::Failure;
use super::refusal::{Returns, TaskOutput};
use crate::codec::{self, CodecError};
use crate::payload::Payload;

/// What a task may return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a task",
    label = "the result of this task is sent back from another process as data",
    note = "a result must be `serde::Serialize + serde::de::DeserializeOwned + Send + 'static`: derive them, or return what identifies the thing instead",
    note = "where the type cannot be told from the expression, write it: `text.parse::<u32>()?`",
    note = "where nothing ever comes of it (its type is `!`), end it with `;` in braces: `{{ stop(); }}`"
)]
pub trait Returned: Serialize + DeserializeOwned + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + 'static> Returned for T {}

/// A way for a result of type `R` to come back.
pub trait ResultOf<R>: Copy {
    /// What the caller gets.
    type Value: Returned;

    /// Writes the result.
    fn encode(result: &R, output: &mut Payload) -> Result<(), CodecError>;
}

/// The type of a result, as the body tells it.
#[derive(Debug)]
pub struct Returning<R>(PhantomData<fn() -> R>);

/// Stands for the type of a value that a body gives. Asked by reference, since rustc would turn a value
/// of type `!` into one of a type that it does not know yet, and take that for `!` only when it is too
/// late to say that nothing comes back.
#[derive(Debug)]
pub struct Gives<R>(PhantomData<fn() -> R>);

impl<R> Gives<R> {
    /// Of this value.
    pub fn what(_value: &R) -> Self {
        Self(PhantomData)
    }

    /// How a body ends in a way that it never goes.
    ///
    /// # Errors
    ///
    /// Always, if it were called.
    pub fn never(self) -> Result<R, Failure> {
        Err(Failure::from("the body of a task ended in a way that it never goes"))
    }

    /// How the body ends with it.
    ///
    /// # Errors
    ///
    /// Never: so do bodies whose failures `?` has made.
    pub fn ok(self, value: R) -> Result<R, Failure> {
        Ok(value)
    }
}

/// Sent back as it is.
#[derive(Debug)]
pub struct Sends<R>(PhantomData<fn() -> R>);

/// Never sent back; stands for a value of any type.
#[derive(Debug)]
pub struct Refuses<R, Any>(PhantomData<fn() -> (R, Any)>);

impl<R> Returning<R> {
    pub(super) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<R, Any> Refuses<R, Any> {
    pub(super) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<R> Clone for Returning<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Returning<R> {}

impl<R> Clone for Sends<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Sends<R> {}

impl<R, Any> Clone for Refuses<R, Any> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R, Any> Copy for Refuses<R, Any> {}

/// What never ends by itself, whose type stable Rust has no name for.
pub(crate) type Nothing = <fn() -> ! as Called>::Output;

/// What a function gives.
pub trait Called {
    /// The type of it.
    type Output;
}

impl<R> Called for fn() -> R {
    type Output = R;
}

/// Never sent back, since there never is one; whoever waits for it would get nothing.
#[derive(Debug, Clone, Copy)]
pub struct NeverComes;

impl ResultOf<Nothing> for NeverComes {
    type Value = ();

    fn encode(result: &Nothing, _output: &mut Payload) -> Result<(), CodecError> {
        match *result {}
    }
}

impl<R: Returned> ResultOf<R> for Sends<R> {
    type Value = R;

    fn encode(result: &R, output: &mut Payload) -> Result<(), CodecError> {
        codec::encode_owned(result, output)
    }
}

impl<R, Any: Returned> ResultOf<R> for Refuses<R, Any> {
    type Value = Any;

    fn encode(_result: &R, _output: &mut Payload) -> Result<(), CodecError> {
        Err(CodecError::new("this type cannot be sent"))
    }
}

/// The arms, to be imported where a result is asked about.
#[expect(missing_docs, reason = "each trait is one arm, see this file's head")]
pub mod results {
    pub use super::super::refusal::shapes::refused::{IsBorrowed, IsLongArray, IsShared};
    use super::{
        NeverComes, Nothing, PhantomData, Refuses, Returned, Returning, Returns, Sends, TaskOutput,
    };

    pub trait IsReturned<R> {
        fn __concur_result(&self, of: Returning<R>) -> Sends<R>;
    }

    impl<R: Returned> IsReturned<R> for &&Returning<R> {
        fn __concur_result(&self, _of: Returning<R>) -> Sends<R> {
            Sends(PhantomData)
        }
    }

    pub trait NeverReturned {
        fn __concur_result(&self, of: Returning<Nothing>) -> NeverComes;
    }

    // On the level of what is refused, since that is no other type.
    impl NeverReturned for &Returning<Nothing> {
        fn __concur_result(&self, _of: Returning<Nothing>) -> NeverComes {
            NeverComes
        }
    }

    pub trait IsNothing<R> {
        fn __concur_result<Any>(&self, of: Returning<R>) -> Refuses<R, Any>
        where
            TaskOutput: Returns<R>;
    }

    impl<R> IsNothing<R> for Returning<R> {
        fn __concur_result<Any>(&self, _of: Returning<R>) -> Refuses<R, Any>
        where
            TaskOutput: Returns<R>,
        {
            Refuses::new()
        }
    }
}
