//! Which way a captured variable goes: decided by method resolution, since a macro knows no types.
//!
//! A macro writes `(&&&&&&&&Probe::of(&variable)).__concur_capture()`. Method resolution tries the
//! type of the expression first and then takes off one reference after another, so the arms below
//! are tried from the one with the most references down to the last, which always fits:
//!
//! 1. a reference to a reference, of a sized or an unsized type: first, because lifetimes are not
//!    looked at here and `&&str` would pass for a reference to a sized `&str`;
//! 2. a reference to a sized `T`: sent as `T`, lent back as `&T`, no `Clone` asked;
//! 3. a reference to bytes, which go as one block;
//! 4. a reference to an unsized `T: ToOwned` (`&str`, `&[T]`, `&Path`): sent, lent back as `&T`;
//! 5. a value: sent, and given to the task as its own;
//! 6. a callable of zero size (a function item): nothing is sent, it is made again there. Nothing
//!    else may be made from its type alone: a proof token would be forged;
//! 7. anything else: an error at the variable, spoken by [`Sendable`](super::capture::Sendable).
//!
//! Each arm stands on a level of its own, so that two never fit at once.

use std::marker::PhantomData;

use serde::{Serialize, de::DeserializeOwned};

use super::capture::{
    ByBytes, ByCallable, ByRef, ByRefRef, ByUnsized, ByUnsizedRef, ByValue, Never,
};

/// Carries the type of a variable to the arms.
#[derive(Debug)]
pub struct Probe<T>(PhantomData<fn() -> PhantomData<T>>);

impl<T> Probe<T> {
    /// The type of a variable.
    pub fn of(_variable: &T) -> Self {
        Self(PhantomData)
    }

    /// The type of an iterator's items.
    pub fn item<I: Iterator<Item = T>>(_iterator: &I) -> Self {
        Self(PhantomData)
    }
}

/// The arms, to be imported where a probe is asked.
#[expect(missing_docs, reason = "each trait is one arm of the list in this file's head")]
pub mod levels {
    use super::{
        ByBytes, ByCallable, ByRef, ByRefRef, ByUnsized, ByUnsizedRef, ByValue, DeserializeOwned,
        Never, Probe, Serialize,
    };

    pub trait ViaRefRef {
        type Way;
        fn __concur_capture(&self) -> Self::Way;
    }

    impl<T: Serialize + DeserializeOwned + 'static> ViaRefRef for &&&&&&&Probe<&&T> {
        type Way = ByRefRef<T>;
        fn __concur_capture(&self) -> ByRefRef<T> {
            ByRefRef::new()
        }
    }

    pub trait ViaUnsizedRef {
        type Way;
        fn __concur_capture(&self) -> Self::Way;
    }

    impl<T> ViaUnsizedRef for &&&&&&Probe<&&T>
    where
        T: ?Sized + Serialize + ToOwned<Owned: DeserializeOwned + 'static> + 'static,
    {
        type Way = ByUnsizedRef<T>;
        fn __concur_capture(&self) -> ByUnsizedRef<T> {
            ByUnsizedRef::new()
        }
    }

    pub trait ViaRef {
        type Way;
        fn __concur_capture(&self) -> Self::Way;
    }

    impl<T: Serialize + DeserializeOwned + 'static> ViaRef for &&&&&Probe<&T> {
        type Way = ByRef<T>;
        fn __concur_capture(&self) -> ByRef<T> {
            ByRef::new()
        }
    }

    pub trait ViaBytes {
        fn __concur_capture(&self) -> ByBytes;
    }

    impl ViaBytes for &&&&Probe<&[u8]> {
        fn __concur_capture(&self) -> ByBytes {
            ByBytes
        }
    }

    pub trait ViaUnsized {
        type Way;
        fn __concur_capture(&self) -> Self::Way;
    }

    impl<T> ViaUnsized for &&&Probe<&T>
    where
        T: ?Sized + Serialize + ToOwned<Owned: DeserializeOwned + 'static> + 'static,
    {
        type Way = ByUnsized<T>;
        fn __concur_capture(&self) -> ByUnsized<T> {
            ByUnsized::new()
        }
    }

    pub trait ViaValue {
        type Way;
        fn __concur_capture(&self) -> Self::Way;
    }

    impl<T: Serialize + DeserializeOwned + 'static> ViaValue for &&Probe<T> {
        type Way = ByValue<T>;
        fn __concur_capture(&self) -> ByValue<T> {
            ByValue::new()
        }
    }

    pub trait ViaCallable<Signature> {
        type Way;
        fn __concur_capture(&self) -> Self::Way;
    }

    macro_rules! callables {
        ($($argument:ident)*) => {
            impl<T, R, $($argument,)*> ViaCallable<fn($($argument),*) -> R> for &Probe<T>
            where
                T: Fn($($argument),*) -> R + Copy + Send + 'static,
            {
                type Way = ByCallable<T>;
                fn __concur_capture(&self) -> ByCallable<T> {
                    ByCallable::new()
                }
            }
        };
    }

    callables!();
    callables!(A);
    callables!(A B);
    callables!(A B C);
    callables!(A B C D);
    callables!(A B C D E);
    callables!(A B C D E F);
    callables!(A B C D E F G);
    callables!(A B C D E F G H);

    pub trait ViaNothing {
        type Way;
        fn __concur_capture(&self) -> Self::Way;
    }

    impl<T> ViaNothing for Probe<T> {
        type Way = Never<T>;
        fn __concur_capture(&self) -> Never<T> {
            Never::new()
        }
    }
}
