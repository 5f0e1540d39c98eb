//! How a captured variable travels to a task, and what the task sees of it.
//!
//! Each way is a marker type: `encode` on the caller's side; `decode`, `hold` and `lend` where the
//! task runs. Which way a variable goes is decided by its type, in [`arms`](super::arms).

use std::marker::PhantomData;

use serde::{Serialize, de::DeserializeOwned};

use crate::codec::{self, CodecError};
use crate::payload::{Payload, Reader};

/// A way to carry one variable.
pub trait Capture: Copy {
    /// What was decoded.
    type Owned;
    /// What is taken from it for one call.
    type Held<'a>;
    /// What the task sees.
    type Seen<'w>;

    /// Reads the value from the task's input.
    fn decode(input: &mut Reader<'_>) -> Result<Self::Owned, CodecError>;

    /// Takes the value, or a reference to it, for the call; asked once.
    fn hold(owned: &mut Option<Self::Owned>) -> Self::Held<'_>;

    /// Hands it to the task; asked once.
    fn lend<'w>(held: &'w mut Option<Self::Held<'_>>) -> Self::Seen<'w>;
}

/// A way to carry a variable of type `V`.
pub trait CaptureOf<V>: Capture {
    /// Appends the variable to the task's input.
    fn encode(value: &V, output: &mut Payload) -> Result<(), CodecError>;
}

/// All captures of a task, as nested pairs that end in `()`.
pub trait Captures: Copy {
    /// What was decoded.
    type Owned;
    /// What is taken from it for one call.
    type Held<'a>;
    /// What the task sees.
    type Seen<'w>;

    /// Reads all values, in order.
    fn decode(input: &mut Reader<'_>) -> Result<Self::Owned, CodecError>;

    /// The types of what is decoded, in order.
    #[cfg(feature = "testing")]
    fn name_types(names: &mut Vec<&'static str>);

    /// Takes all for the call.
    fn hold(owned: &mut Self::Owned) -> Self::Held<'_>;

    /// Hands all to the task.
    fn lend<'w>(held: &'w mut Self::Held<'_>) -> Self::Seen<'w>;
}

impl Captures for () {
    type Owned = ();
    type Held<'a> = ();
    type Seen<'w> = ();

    fn decode(_input: &mut Reader<'_>) -> Result<(), CodecError> {
        Ok(())
    }

    #[cfg(feature = "testing")]
    fn name_types(_names: &mut Vec<&'static str>) {}

    fn hold((): &mut ()) {}

    fn lend((): &mut ()) {}
}

impl<A: Capture, R: Captures> Captures for (A, R) {
    type Owned = (Option<A::Owned>, R::Owned);
    type Held<'a> = (Option<A::Held<'a>>, R::Held<'a>);
    type Seen<'w> = (A::Seen<'w>, R::Seen<'w>);

    fn decode(input: &mut Reader<'_>) -> Result<Self::Owned, CodecError> {
        let first = A::decode(input)?;
        Ok((Some(first), R::decode(input)?))
    }

    #[cfg(feature = "testing")]
    fn name_types(names: &mut Vec<&'static str>) {
        names.push(std::any::type_name::<A::Owned>());
        R::name_types(names);
    }

    fn hold(owned: &mut Self::Owned) -> Self::Held<'_> {
        (Some(A::hold(&mut owned.0)), R::hold(&mut owned.1))
    }

    fn lend<'w>(held: &'w mut Self::Held<'_>) -> Self::Seen<'w> {
        (A::lend(&mut held.0), R::lend(&mut held.1))
    }
}

/// Why the options below are never empty when they are asked.
const ONCE: &str = "a capture is decoded, held and lent once each";

/// Defines marker types that are `Copy` whatever their parameter is.
macro_rules! ways {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name<T: ?Sized>(PhantomData<fn() -> PhantomData<T>>);

        impl<T: ?Sized> $name<T> {
            pub(super) const fn new() -> Self {
                Self(PhantomData)
            }

            /// Never called, and nothing to be checked: see [`ByCallable`](super::callable::ByCallable).
            pub fn captures_nothing<V>(self, _value: V) {}
        }

        impl<T: ?Sized> Clone for $name<T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T: ?Sized> Copy for $name<T> {}
    )*};
}

ways! {
    /// `&T`, sent as `T` and lent back; no `Clone` asked.
    ByRef;
    /// `&mut T`, as `&T`: the task has a copy, and changes to it would not come back.
    ByMut;
    /// `&&T`.
    ByRefRef;
    /// `&T` of an unsized `T`, sent as it is and held in its owned form.
    ByUnsized;
    /// `&&T` of an unsized `T`.
    ByUnsizedRef;
    /// An owned value, given to the task as its own.
    ByValue;
    /// What cannot be sent.
    Never;
}

/// `&[u8]`, sent as one block.
#[derive(Debug, Clone, Copy)]
pub struct ByBytes;

impl ByBytes {
    /// Never called, and nothing to be checked: see [`ByCallable`](super::callable::ByCallable).
    #[expect(clippy::unused_self, reason = "to be called like that of `ByCallable`")]
    pub fn captures_nothing<V>(self, _value: V) {}
}

impl<T: Serialize + DeserializeOwned + 'static> Capture for ByRef<T> {
    type Owned = T;
    type Held<'a> = &'a T;
    type Seen<'w> = &'w T;

    fn decode(input: &mut Reader<'_>) -> Result<T, CodecError> {
        codec::decode_owned(input)
    }

    fn hold(owned: &mut Option<T>) -> &T {
        owned.as_ref().expect(ONCE)
    }

    fn lend<'w>(held: &'w mut Option<&T>) -> &'w T {
        held.expect(ONCE)
    }
}

impl<T: Serialize + DeserializeOwned + 'static> CaptureOf<&T> for ByRef<T> {
    fn encode(value: &&T, output: &mut Payload) -> Result<(), CodecError> {
        codec::encode_owned(*value, output)
    }
}

impl<T: Serialize + DeserializeOwned + 'static> Capture for ByMut<T> {
    type Owned = T;
    type Held<'a> = &'a T;
    type Seen<'w> = &'w T;

    fn decode(input: &mut Reader<'_>) -> Result<T, CodecError> {
        codec::decode_owned(input)
    }

    fn hold(owned: &mut Option<T>) -> &T {
        owned.as_ref().expect(ONCE)
    }

    fn lend<'w>(held: &'w mut Option<&T>) -> &'w T {
        held.expect(ONCE)
    }
}

impl<T: Serialize + DeserializeOwned + 'static> CaptureOf<&mut T> for ByMut<T> {
    fn encode(value: &&mut T, output: &mut Payload) -> Result<(), CodecError> {
        codec::encode_owned(&**value, output)
    }
}

impl<T: Serialize + DeserializeOwned + 'static> Capture for ByRefRef<T> {
    type Owned = T;
    type Held<'a> = &'a T;
    type Seen<'w> = &'w &'w T;

    fn decode(input: &mut Reader<'_>) -> Result<T, CodecError> {
        codec::decode_owned(input)
    }

    fn hold(owned: &mut Option<T>) -> &T {
        owned.as_ref().expect(ONCE)
    }

    fn lend<'w>(held: &'w mut Option<&T>) -> &'w &'w T {
        held.as_ref().expect(ONCE)
    }
}

impl<T: Serialize + DeserializeOwned + 'static> CaptureOf<&&T> for ByRefRef<T> {
    fn encode(value: &&&T, output: &mut Payload) -> Result<(), CodecError> {
        codec::encode_owned(**value, output)
    }
}

impl<T> Capture for ByUnsized<T>
where
    T: ?Sized + ToOwned<Owned: DeserializeOwned + 'static> + 'static,
{
    type Owned = T::Owned;
    type Held<'a> = &'a T;
    type Seen<'w> = &'w T;

    fn decode(input: &mut Reader<'_>) -> Result<T::Owned, CodecError> {
        codec::decode(input)
    }

    fn hold(owned: &mut Option<T::Owned>) -> &T {
        std::borrow::Borrow::borrow(owned.as_ref().expect(ONCE))
    }

    fn lend<'w>(held: &'w mut Option<&T>) -> &'w T {
        held.expect(ONCE)
    }
}

impl<T> CaptureOf<&T> for ByUnsized<T>
where
    T: ?Sized + Serialize + ToOwned<Owned: DeserializeOwned + 'static> + 'static,
{
    fn encode(value: &&T, output: &mut Payload) -> Result<(), CodecError> {
        codec::encode(*value, output)
    }
}

impl<T> Capture for ByUnsizedRef<T>
where
    T: ?Sized + ToOwned<Owned: DeserializeOwned + 'static> + 'static,
{
    type Owned = T::Owned;
    type Held<'a> = &'a T;
    type Seen<'w> = &'w &'w T;

    fn decode(input: &mut Reader<'_>) -> Result<T::Owned, CodecError> {
        codec::decode(input)
    }

    fn hold(owned: &mut Option<T::Owned>) -> &T {
        std::borrow::Borrow::borrow(owned.as_ref().expect(ONCE))
    }

    fn lend<'w>(held: &'w mut Option<&T>) -> &'w &'w T {
        held.as_ref().expect(ONCE)
    }
}

impl<T> CaptureOf<&&T> for ByUnsizedRef<T>
where
    T: ?Sized + Serialize + ToOwned<Owned: DeserializeOwned + 'static> + 'static,
{
    fn encode(value: &&&T, output: &mut Payload) -> Result<(), CodecError> {
        codec::encode(**value, output)
    }
}

impl Capture for ByBytes {
    type Owned = Vec<u8>;
    type Held<'a> = &'a [u8];
    type Seen<'w> = &'w [u8];

    fn decode(input: &mut Reader<'_>) -> Result<Vec<u8>, CodecError> {
        Ok(codec::decode_bytes(input)?.to_vec())
    }

    fn hold(owned: &mut Option<Vec<u8>>) -> &[u8] {
        owned.as_ref().expect(ONCE)
    }

    fn lend<'w>(held: &'w mut Option<&[u8]>) -> &'w [u8] {
        held.expect(ONCE)
    }
}

impl CaptureOf<&[u8]> for ByBytes {
    fn encode(value: &&[u8], output: &mut Payload) -> Result<(), CodecError> {
        codec::encode_bytes(value, output)
    }
}

impl<T: Serialize + DeserializeOwned + 'static> Capture for ByValue<T> {
    type Owned = T;
    type Held<'a> = T;
    type Seen<'w> = T;

    fn decode(input: &mut Reader<'_>) -> Result<T, CodecError> {
        codec::decode_owned(input)
    }

    fn hold(owned: &mut Option<T>) -> T {
        owned.take().expect(ONCE)
    }

    fn lend(held: &mut Option<T>) -> T {
        held.take().expect(ONCE)
    }
}

impl<T: Serialize + DeserializeOwned + 'static> CaptureOf<T> for ByValue<T> {
    fn encode(value: &T, output: &mut Payload) -> Result<(), CodecError> {
        codec::encode_owned(value, output)
    }
}

impl<T> Capture for Never<T> {
    type Owned = T;
    type Held<'a> = T;
    type Seen<'w> = T;

    fn decode(_input: &mut Reader<'_>) -> Result<T, CodecError> {
        Err(CodecError::new("this type cannot be sent"))
    }

    fn hold(owned: &mut Option<T>) -> T {
        owned.take().expect(ONCE)
    }

    fn lend(held: &mut Option<T>) -> T {
        held.take().expect(ONCE)
    }
}

impl<T> CaptureOf<T> for Never<T> {
    fn encode(_value: &T, _output: &mut Payload) -> Result<(), CodecError> {
        Err(CodecError::new("this type cannot be sent"))
    }
}
