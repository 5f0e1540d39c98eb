//! How the error of an annotated function travels: as data where its type allows, so that the caller
//! gets the very value back; as its messages otherwise; as it is where it is a [`Failure`]. Decided by
//! method resolution, as [`arms`](super::arms) does for captures: a macro writes
//! `(&&&&ErrorType::of(&err)).__concur_way().fail(err)`.

use std::error::Error;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::failure::Failure;

/// What an annotated function may fail with.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a task",
    label = "the function returns this as its error, whose message is sent to the caller",
    note = "it must be `Into<Box<dyn std::error::Error + Send + Sync>>`: implement `std::error::Error` for it; with `thiserror`, `anyhow`, `String` or `&str` nothing is needed"
)]
pub trait TaskFailure: Into<Box<dyn Error + Send + Sync>> {}

#[diagnostic::do_not_recommend]
impl<E: Into<Box<dyn Error + Send + Sync>>> TaskFailure for E {}

/// The type of an error.
#[derive(Debug)]
pub struct ErrorType<E>(PhantomData<fn() -> E>);

impl<E> ErrorType<E> {
    /// That of this error.
    pub fn of(_err: &E) -> Self {
        Self(PhantomData)
    }
}

/// Messages and value travel.
#[derive(Debug, Clone, Copy)]
pub struct AsValue;

/// Messages travel.
#[derive(Debug, Clone, Copy)]
pub struct AsText;

/// It is a failure.
#[derive(Debug, Clone, Copy)]
pub struct AsItself;

#[expect(clippy::unused_self, reason = "its type is all there is to it")]
impl AsItself {
    /// Gives it back.
    #[must_use]
    pub fn fail(self, failure: Failure) -> Failure {
        failure
    }
}

#[expect(clippy::unused_self, reason = "its type is all there is to it")]
impl AsValue {
    /// Makes the failure.
    pub fn fail<E: TaskFailure + Serialize>(self, err: E) -> Failure {
        Failure::carrying(err)
    }
}

#[expect(clippy::unused_self, reason = "its type is all there is to it")]
impl AsText {
    /// Makes the failure.
    pub fn fail<E: TaskFailure>(self, err: E) -> Failure {
        Failure::from(err)
    }
}

/// The arms, to be imported where an error is asked about.
#[expect(missing_docs, reason = "each trait is one arm, see this file's head")]
pub mod errors {
    use super::{AsItself, AsText, AsValue, DeserializeOwned, ErrorType, Failure, Serialize};

    pub trait FailureArm {
        fn __concur_way(&self) -> AsItself {
            AsItself
        }
    }

    impl FailureArm for &&&ErrorType<Failure> {}

    // Early, because lifetimes are not looked at here and `&'static str` would pass for a value.
    pub trait ReferenceArm {
        fn __concur_way(&self) -> AsText {
            AsText
        }
    }

    impl<E: ?Sized> ReferenceArm for &&ErrorType<&E> {}

    pub trait ValueArm {
        fn __concur_way(&self) -> AsValue {
            AsValue
        }
    }

    impl<E: Serialize + DeserializeOwned> ValueArm for &ErrorType<E> {}

    pub trait TextArm {
        fn __concur_way(&self) -> AsText {
            AsText
        }
    }

    impl<E> TextArm for ErrorType<E> {}
}

/// A return type that is a `Result`, by whatever name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `Result`",
    label = "the function is taken to fail by this: its name ends in `Result`, or `fallible` says so",
    note = "if it is a value like any other, write `#[concurrent(fallible = false)]`"
)]
pub trait Fallible {
    /// What the function gives when it succeeds.
    type Value;
}

impl<T, E> Fallible for Result<T, E> {
    type Value = T;
}

/// What a function gave whose return type has a name of its own.
#[derive(Debug)]
pub struct Given<R>(pub R);

impl<T, E> Given<Result<T, E>> {
    /// The `Result` that it is.
    #[expect(clippy::missing_errors_doc, reason = "it is an error itself")]
    pub fn __concur_result(self) -> Result<T, E> {
        self.0
    }
}

/// Answers for what is no `Result`: that was reported at its type.
pub trait NoResult: Sized {
    /// Never called.
    #[expect(clippy::missing_errors_doc, reason = "it is never called")]
    fn __concur_result(self) -> Result<(), Failure> {
        unreachable!("it is not `Fallible`")
    }
}

impl<R> NoResult for Given<R> {}
