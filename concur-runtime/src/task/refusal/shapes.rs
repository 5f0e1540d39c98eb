//! What is said of types that are no data for a reason which their shape tells: what is shared or
//! borrowed, an address, an array that is too long for serde.
//!
//! A type has one of these shapes at the most, so that one arm at the most fits it. They are asked for
//! only once a type is known not to be data: with serde's feature `rc`, an `Arc` is.

use std::collections::{BTreeMap, HashMap, LinkedList, VecDeque};
use std::ptr::NonNull;
use std::rc::{self, Rc};
use std::sync::{self, Arc};

use serde::{Serialize, de::DeserializeOwned};

/// Said of an `Arc` or `Rc` that a task would get.
#[diagnostic::on_unimplemented(
    message = "`{T}` cannot be sent to a task",
    label = "this is captured by a task, which runs in another process and gets a copy of it as data",
    note = "a task shares nothing with this process and gets what is in it: write `let name = &*name;` above the block, or in a function with `#[concurrent]` take `&T` or `T`",
    note = "in a collection: make one of what is in them, as with `.iter().map(|one| (**one).clone()).collect::<Vec<_>>()`",
    note = "or have serde send a copy of what is in it, by its feature `rc`: `serde = {{ version = \"1\", features = [\"rc\"] }}` in Cargo.toml"
)]
pub trait AcceptsShared<T: ?Sized> {}

/// Said of arrays that a task would get.
#[diagnostic::on_unimplemented(
    message = "`{T}` cannot be sent to a task",
    label = "this is captured by a task, which runs in another process and gets a copy of it as data",
    note = "serde takes arrays of 32 items at the most, and none whose length is a parameter: write `let name = &name[..];` above the block, or in a function with `#[concurrent]` take `&[T]`",
    note = "in a collection: put vectors into it; in a struct that is to be sent: annotate the field with `#[serde(with = \"..\")]`, as the crate `serde_arrays` says"
)]
pub trait AcceptsLongArray<T: ?Sized> {}

/// Said of slices that a task would change.
#[diagnostic::on_unimplemented(
    message = "`{T}` cannot be sent to a task",
    label = "this is captured by a task, which runs in another process and gets a copy of it as data",
    note = "changes to a copy do not come back: write `let name = &*name;` above the block, and make what the task has changed its result"
)]
pub trait AcceptsMutable<T: ?Sized> {}

/// Said of addresses.
#[diagnostic::on_unimplemented(
    message = "`{T}` cannot be sent to a task",
    label = "this is captured by a task, which runs in another process and gets a copy of it as data",
    note = "an address says nothing in another process: capture what is there, as a reference or a copy"
)]
pub trait AcceptsAddress<T: ?Sized> {}

/// Said of an `Arc` or `Rc` that a task gives.
#[diagnostic::on_unimplemented(
    message = "`{T}` cannot be the result of a task",
    label = "the result of this task is sent back from another process as data",
    note = "nothing is shared between processes: return what is in it, as `Arc::unwrap_or_clone(value)` or `(*value).clone()` does",
    note = "or have serde send a copy of what is in it, by its feature `rc`: `serde = {{ version = \"1\", features = [\"rc\"] }}` in Cargo.toml"
)]
pub trait ReturnsShared<T: ?Sized> {}

/// Said of arrays that a task gives.
#[diagnostic::on_unimplemented(
    message = "`{T}` cannot be the result of a task",
    label = "the result of this task is sent back from another process as data",
    note = "serde takes arrays of 32 items at the most, and none whose length is a parameter: return a `Vec`, as `array.to_vec()` does"
)]
pub trait ReturnsLongArray<T: ?Sized> {}

/// Said of what a task gives that is a reference or holds some.
#[diagnostic::on_unimplemented(
    message = "`{T}` cannot be the result of a task, since it borrows",
    label = "the result of this task is sent back from another process as data",
    note = "return a value that owns its data: write `.clone()` or `.to_owned()` after a reference, `.cloned()` after an `Option` of one or an iterator of some"
)]
pub trait ReturnsBorrowed<T: ?Sized> {}

/// What has a count of its owners in this process.
pub trait Shared {}

impl<T: ?Sized> Shared for Arc<T> {}
impl<T: ?Sized> Shared for Rc<T> {}
impl<T: ?Sized> Shared for sync::Weak<T> {}
impl<T: ?Sized> Shared for rc::Weak<T> {}

/// An array of data, which is too long where it is none itself.
pub trait LongArray {}

impl<T: Serialize + DeserializeOwned, const N: usize> LongArray for [T; N] {}

/// A place in the memory of this process.
pub trait Address {}

impl<T: ?Sized> Address for *const T {}
impl<T: ?Sized> Address for *mut T {}
impl<T: ?Sized> Address for NonNull<T> {}

/// A reference.
pub trait Borrowed {}

impl<T: ?Sized> Borrowed for &T {}
impl<T: ?Sized> Borrowed for &mut T {}

/// A collection is refused for what is refused in it.
macro_rules! collections {
    ($($shape:ident)*) => {$(
        impl<T: $shape> $shape for Option<T> {}
        impl<T: $shape, E> $shape for Result<T, E> {}
        impl<T: $shape> $shape for Box<T> {}
        impl<T: $shape> $shape for [T] {}
        impl<T: $shape> $shape for Vec<T> {}
        impl<T: $shape> $shape for VecDeque<T> {}
        impl<T: $shape> $shape for LinkedList<T> {}
        impl<K, T: $shape> $shape for BTreeMap<K, T> {}
        impl<K, T: $shape, S> $shape for HashMap<K, T, S> {}
    )*};
}

collections!(Shared LongArray Borrowed);

/// The arms, see [`levels`](crate::task::arms::levels) and [`results`](crate::task::result::results).
#[expect(missing_docs, reason = "each trait is one arm, written out: rustc shows it")]
pub(crate) mod refused {
    use super::super::{TaskInput, TaskOutput};
    use super::{
        AcceptsAddress, AcceptsLongArray, AcceptsMutable, AcceptsShared, Address, Borrowed,
        DeserializeOwned, LongArray, ReturnsBorrowed, ReturnsLongArray, ReturnsShared, Serialize,
        Shared,
    };
    use crate::task::arms::Probe;
    use crate::task::capture::Never;
    use crate::task::result::{Refuses, Returning};

    pub trait ViaShared<T> {
        fn __concur_capture(&self) -> Never<T>
        where
            TaskInput: AcceptsShared<T>;
    }

    pub trait ViaSharedRef<T> {
        fn __concur_capture(&self) -> Never<T>
        where
            TaskInput: AcceptsShared<T>;
    }

    pub trait ViaLongArray<T> {
        fn __concur_capture(&self) -> Never<T>
        where
            TaskInput: AcceptsLongArray<T>;
    }

    pub trait ViaLongArrayRef<T> {
        fn __concur_capture(&self) -> Never<T>
        where
            TaskInput: AcceptsLongArray<T>;
    }

    pub trait ViaAddress<T> {
        fn __concur_capture(&self) -> Never<T>
        where
            TaskInput: AcceptsAddress<T>;
    }

    pub trait ViaAddressRef<T> {
        fn __concur_capture(&self) -> Never<T>
        where
            TaskInput: AcceptsAddress<T>;
    }

    pub trait ViaMutable<T> {
        fn __concur_capture(&self) -> Never<T>
        where
            TaskInput: AcceptsMutable<T>;
    }

    pub trait IsShared<R> {
        fn __concur_result<Any>(&self, of: Returning<R>) -> Refuses<R, Any>
        where
            TaskOutput: ReturnsShared<R>;
    }

    pub trait IsLongArray<R> {
        fn __concur_result<Any>(&self, of: Returning<R>) -> Refuses<R, Any>
        where
            TaskOutput: ReturnsLongArray<R>;
    }

    pub trait IsBorrowed<R> {
        fn __concur_result<Any>(&self, of: Returning<R>) -> Refuses<R, Any>
        where
            TaskOutput: ReturnsBorrowed<R>;
    }

    macro_rules! captures {
        ($($arm:ident $arm_by_ref:ident: $refusal:ident, $shape:ident;)*) => {$(
            impl<T: $shape> $arm<T> for &&Probe<T> {
                fn __concur_capture(&self) -> Never<T>
                where
                    TaskInput: $refusal<T>,
                {
                    Never::new()
                }
            }

            impl<'t, T: ?Sized + $shape> $arm_by_ref<&'t T> for &&Probe<&'t T> {
                fn __concur_capture(&self) -> Never<&'t T>
                where
                    TaskInput: $refusal<&'t T>,
                {
                    Never::new()
                }
            }
        )*};
    }

    captures! {
        ViaShared ViaSharedRef: AcceptsShared, Shared;
        ViaLongArray ViaLongArrayRef: AcceptsLongArray, LongArray;
        ViaAddress ViaAddressRef: AcceptsAddress, Address;
    }

    impl<'t, T> ViaMutable<&'t mut T> for &&Probe<&'t mut T>
    where
        T: ?Sized + Serialize + ToOwned<Owned: DeserializeOwned>,
    {
        fn __concur_capture(&self) -> Never<&'t mut T>
        where
            TaskInput: AcceptsMutable<&'t mut T>,
        {
            Never::new()
        }
    }

    macro_rules! results {
        ($($arm:ident: $refusal:ident, $shape:ident;)*) => {$(
            impl<R: $shape> $arm<R> for &Returning<R> {
                fn __concur_result<Any>(&self, _of: Returning<R>) -> Refuses<R, Any>
                where
                    TaskOutput: $refusal<R>,
                {
                    Refuses::new()
                }
            }
        )*};
    }

    results! {
        IsShared: ReturnsShared, Shared;
        IsLongArray: ReturnsLongArray, LongArray;
        IsBorrowed: ReturnsBorrowed, Borrowed;
    }
}
