//! Which way a captured variable goes: decided by method resolution, since a macro knows no types.
//!
//! A macro writes `(&&&&&&&&&&Probe::of(&variable)).__concur_capture()`. Method resolution tries
//! the type of the expression first and then takes off one reference after another, so the arms
//! below are tried from the one with the most references down to the last, which always fits:
//!
//! 1. a type that is not known yet: an error, since every arm would fit;
//! 2. a reference to a reference, of a sized or an unsized type: early, because lifetimes are not
//!    looked at here and `&&str` would pass for a reference to a sized `&str`;
//! 3. a reference to a sized `T`, `&mut self` too: sent as `T`, lent back as `&T`, no `Clone` asked;
//! 4. a reference to bytes, which go as one block;
//! 5. a reference to an unsized `T: ToOwned` (`&str`, `&[T]`, `&Path`): sent, lent back as `&T`;
//! 6. a value: sent, and given to the task as its own;
//! 7. what is no data for a reason that its shape tells, as an `Arc`: an error that says what to do
//!    ([`shapes`](super::refusal::shapes));
//! 8. a pointer, also to a function: an error, before it passes for a callable; a pair with a
//!    reference: an error that tells how the items of a map are sent;
//! 9. a callable that captures nothing (a function item): nothing is sent, it is made again there.
//!    Nothing else may be made from its type alone: a proof token would be forged;
//! 10. anything else: an error at the variable, spoken by [`Accepts`](super::refusal::Accepts).
//!
//! What passes for a value may still borrow (`Option<&str>`): [`owning`] asks that, once the body of
//! the task has settled all types.
//!
//! Each arm stands on a level of its own, so that two never fit at once.

use std::fmt;
use std::marker::PhantomData;

use serde::{Serialize, de::DeserializeOwned};

use super::callable::ByCallable;
use super::capture::{ByBytes, ByMut, ByRef, ByRefRef, ByUnsized, ByUnsizedRef, ByValue, Never};
use super::refusal::{
    Accepts, BorrowsFirst, BorrowsSecond, Iterates, Owning, OwningPair, TaskInput, Undecided,
};

/// Carries the type of a variable to the arms.
#[derive(Debug)]
pub struct Probe<T>(PhantomData<fn() -> PhantomData<T>>);

impl<T> Probe<T> {
    /// The type of a variable.
    pub fn of(_variable: &T) -> Self {
        Self(PhantomData)
    }
}

impl Probe<()> {
    /// The type of an iterator's items; unknown to rustc, and no further error, where that of the
    /// iterator is.
    pub fn item<I: Iterator>(_iterator: &I) -> Probe<I::Item> {
        Probe(PhantomData)
    }
}

/// What stands after `in`.
#[derive(Debug)]
pub struct Items<I>(I);

impl<I> Items<I> {
    /// Anything; whether it has items is asked next.
    pub fn of(items: I) -> Self {
        Self(items)
    }
}

impl<I: IntoIterator> Items<I> {
    /// Its items.
    pub fn __concur_items(self) -> I::IntoIter {
        self.0.into_iter()
    }
}

/// Answers for what has no items.
pub trait NoItems<I> {
    /// An error, and an iterator of any type, so that it is the only one.
    fn __concur_items<Any>(self) -> Any
    where
        Any: Iterator,
        TaskInput: Iterates<I>;
}

impl<I> NoItems<I> for Items<I> {
    fn __concur_items<Any>(self) -> Any
    where
        Any: Iterator,
        TaskInput: Iterates<I>,
    {
        unreachable!("nothing is `Iterates`")
    }
}

/// The arms, to be imported where a probe is asked.
#[expect(missing_docs, reason = "each trait is one arm of the list in this file's head")]
pub mod levels {
    pub use super::super::refusal::shapes::refused::{
        ViaAddress, ViaAddressRef, ViaLongArray, ViaLongArrayRef, ViaMutable, ViaShared,
        ViaSharedRef,
    };
    pub use super::super::result::results;
    pub use super::{Items, NoItems, owning};

    /// The calls for async tasks, there without the feature `tokio` too, so that its absence is the
    /// only error.
    pub mod waiting {
        pub use crate::task::body::{body_async, many_async, task_async};
    }

    use super::{
        Accepts, ByBytes, ByCallable, ByMut, ByRef, ByRefRef, ByUnsized, ByUnsizedRef, ByValue,
        DeserializeOwned, Never, OwningPair, Probe, Serialize, TaskInput, Undecided, fmt,
    };

    pub trait ViaUnknown {
        type Way;
        fn __concur_capture(&self) -> Self::Way;
    }

    impl<T: Undecided> ViaUnknown for &&&&&&&&&Probe<T> {
        type Way = Never<T>;
        fn __concur_capture(&self) -> Never<T> {
            Never::new()
        }
    }

    pub trait ViaRefRef {
        type Way;
        fn __concur_capture(&self) -> Self::Way;
    }

    impl<T: Serialize + DeserializeOwned + 'static> ViaRefRef for &&&&&&&&Probe<&&T> {
        type Way = ByRefRef<T>;
        fn __concur_capture(&self) -> ByRefRef<T> {
            ByRefRef::new()
        }
    }

    pub trait ViaUnsizedRef {
        type Way;
        fn __concur_capture(&self) -> Self::Way;
    }

    impl<T> ViaUnsizedRef for &&&&&&&Probe<&&T>
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

    impl<T: Serialize + DeserializeOwned + 'static> ViaRef for &&&&&&Probe<&T> {
        type Way = ByRef<T>;
        fn __concur_capture(&self) -> ByRef<T> {
            ByRef::new()
        }
    }

    impl<T: Serialize + DeserializeOwned + 'static> ViaRef for &&&&&&Probe<&mut T> {
        type Way = ByMut<T>;
        fn __concur_capture(&self) -> ByMut<T> {
            ByMut::new()
        }
    }

    pub trait ViaBytes {
        fn __concur_capture(&self) -> ByBytes;
    }

    impl ViaBytes for &&&&&Probe<&[u8]> {
        fn __concur_capture(&self) -> ByBytes {
            ByBytes
        }
    }

    pub trait ViaUnsized {
        type Way;
        fn __concur_capture(&self) -> Self::Way;
    }

    impl<T> ViaUnsized for &&&&Probe<&T>
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

    impl<T: Serialize + DeserializeOwned + 'static> ViaValue for &&&Probe<T> {
        type Way = ByValue<T>;
        fn __concur_capture(&self) -> ByValue<T> {
            ByValue::new()
        }
    }

    pub trait ViaPointer<T> {
        fn __concur_capture(&self) -> Never<T>
        where
            TaskInput: Accepts<T>;
    }

    impl<T: fmt::Pointer> ViaPointer<T> for &Probe<T> {
        fn __concur_capture(&self) -> Never<T>
        where
            TaskInput: Accepts<T>,
        {
            Never::new()
        }
    }

    pub trait ViaPair<T> {
        fn __concur_capture(&self) -> Never<T>
        where
            TaskInput: OwningPair<T>;
    }

    // On the level of pointers, since no pair is one.
    impl<'t, A, B: ?Sized> ViaPair<(A, &'t B)> for &Probe<(A, &'t B)> {
        fn __concur_capture(&self) -> Never<(A, &'t B)>
        where
            TaskInput: OwningPair<(A, &'t B)>,
        {
            Never::new()
        }
    }

    pub trait ViaCallable<Signature> {
        type Way;
        fn __concur_capture(&self) -> Self::Way;
    }

    macro_rules! callables {
        ($($argument:ident)*) => {
            impl<T, R, $($argument,)*> ViaCallable<fn($($argument),*) -> R> for Probe<T>
            where
                T: Fn($($argument),*) -> R + Send + 'static,
            {
                type Way = ByCallable<T, fn($($argument),*) -> R>;
                fn __concur_capture(&self) -> Self::Way {
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

    pub trait ViaNothing<T> {
        fn __concur_capture(self) -> Never<T>
        where
            TaskInput: Accepts<T>;
    }

    impl<T> ViaNothing<T> for Probe<T> {
        fn __concur_capture(self) -> Never<T>
        where
            TaskInput: Accepts<T>,
        {
            Never::new()
        }
    }
}

/// Whether what passes for data borrows: asked of a way, as `(&&&way).__concur_owning()`.
#[expect(missing_docs, reason = "two ways to borrow, and everything else")]
pub mod owning {
    use super::{
        BorrowsFirst, BorrowsSecond, ByBytes, ByCallable, ByMut, ByRef, ByRefRef, ByUnsized,
        ByUnsizedRef, ByValue, Never, Owning, TaskInput,
    };

    pub trait BorrowingFirst<T: ?Sized> {
        fn __concur_owning(&self)
        where
            TaskInput: Owning<T>;
    }

    pub trait BorrowingSecond<T: ?Sized> {
        fn __concur_owning(&self)
        where
            TaskInput: Owning<T>;
    }

    macro_rules! ways {
        ($($way:ident: $($sized:ident)?;)*) => {$(
            impl<T: $(?$sized +)? BorrowsFirst> BorrowingFirst<T> for &&$way<T> {
                fn __concur_owning(&self)
                where
                    TaskInput: Owning<T>,
                {
                }
            }

            impl<T: $(?$sized +)? BorrowsSecond> BorrowingSecond<T> for &$way<T> {
                fn __concur_owning(&self)
                where
                    TaskInput: Owning<T>,
                {
                }
            }
        )*};
    }

    ways! {
        ByValue:;
        ByRef:;
        ByMut:;
        ByRefRef:;
        ByUnsized: Sized;
        ByUnsizedRef: Sized;
    }

    pub trait OwningAll {
        fn __concur_owning(&self) {}
    }

    impl<T> OwningAll for ByValue<T> {}
    impl<T> OwningAll for ByRef<T> {}
    impl<T> OwningAll for ByMut<T> {}
    impl<T> OwningAll for ByRefRef<T> {}
    impl<T: ?Sized> OwningAll for ByUnsized<T> {}
    impl<T: ?Sized> OwningAll for ByUnsizedRef<T> {}
    impl<T, P> OwningAll for ByCallable<T, P> {}
    impl<T> OwningAll for Never<T> {}
    impl OwningAll for ByBytes {}
}
