//! How a callable travels: not at all. A function item has no bytes and is made again where the task
//! runs.

use std::marker::PhantomData;

use super::capture::{Capture, CaptureOf};
use crate::codec::CodecError;
use crate::payload::{Payload, Reader};
use crate::sys::conjure::conjure;

/// A callable that coerces to the function pointer `P`, so it captures nothing: nothing is sent, it
/// is made again where the task runs.
#[derive(Debug)]
pub struct ByCallable<T, P>(PhantomData<fn() -> (T, P)>);

impl<T, P> ByCallable<T, P> {
    pub(super) const fn new() -> Self {
        Self(PhantomData)
    }

    /// Never called: rustc makes sure that the callable coerces.
    ///
    /// rustc shows the line below, with its comment, to whoever captured a closure that captures.
    #[rustfmt::skip]
    #[expect(clippy::unused_self, reason = "its type says what `P` is")]
    pub fn captures_nothing(self, _callable: P) {} // a closure that captures: make it in the task
}

impl<T, P> Clone for ByCallable<T, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, P> Copy for ByCallable<T, P> {}

impl<T: Send + 'static, P> Capture for ByCallable<T, P> {
    type Owned = ();
    type Held<'a> = ();
    type Seen<'w> = T;

    fn decode(_input: &mut Reader<'_>) -> Result<(), CodecError> {
        Ok(())
    }

    fn hold(_owned: &mut Option<()>) {}

    fn lend(_held: &mut Option<()>) -> T {
        conjure()
    }
}

impl<T: Send + 'static, P> CaptureOf<T> for ByCallable<T, P> {
    fn encode(_value: &T, _output: &mut Payload) -> Result<(), CodecError> {
        Ok(())
    }
}

/// A value of the same type, for code that is never run and only asks rustc what coerces.
pub fn another<T>(_value: &T) -> T {
    unreachable!("it stands behind `if false`")
}
