//! What is said of a type that no task can take, and how such a type is told from the others.
//!
//! Nothing here exists when a program runs: [`arms`](super::arms) chooses, and rustc reads the
//! messages out at the variable. The traits that carry them have no impl, and take the type that is
//! at fault as a parameter, so that rustc has nothing to propose beyond what is written here.

pub(crate) mod shapes;

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::path::Path;

/// What a task is given.
#[derive(Debug, Clone, Copy)]
pub struct TaskInput;

/// Said of everything that is no data.
#[diagnostic::on_unimplemented(
    message = "`{T}` cannot be sent to a task",
    label = "this is captured by a task, which runs in another process and gets a copy of it as data",
    note = "a type of your own: add `#[derive(serde::Serialize, serde::Deserialize)]` to it",
    note = "a type parameter: add the bounds `serde::Serialize + serde::de::DeserializeOwned + Send + 'static`",
    note = "what borrows inside, as `Option<&T>` or a struct with a lifetime: make it own its data",
    note = "a handle (file, socket, lock, channel, pointer, closure that captures): make it inside the task instead"
)]
pub trait Accepts<T: ?Sized> {}

/// Said of collections that borrow what they hold.
#[diagnostic::on_unimplemented(
    message = "`{T}` borrows its data and cannot be sent to a task",
    label = "this is captured by a task, which runs in another process and gets a copy of it as data",
    note = "make it own its data, as `Option<String>` or `Vec<String>` do; a plain `&str` or `&[T]` may be captured"
)]
pub trait Owning<T: ?Sized> {}

/// Said of pairs with a reference, as the items of a map or of `enumerate` are.
#[diagnostic::on_unimplemented(
    message = "`{T}` borrows its data and cannot be sent to a task",
    label = "this is captured by a task, which runs in another process and gets a copy of it as data",
    note = "the items of a map: write `map.clone()` after `in`, or `map.iter().map(|(key, value)| (key.clone(), value.clone()))`",
    note = "items with their places: write `items.iter().cloned().enumerate()`",
    note = "another pair: make it own its data, as `(String, u32)` does"
)]
pub trait OwningPair<T: ?Sized> {}

/// Said of what stands after `in` and has no items.
#[diagnostic::on_unimplemented(
    message = "`{T}` is not an iterator",
    label = "`for` makes a task of each item of an iterator, and this is none",
    note = "write `0..n` to count, `.iter()` or `.into_iter()` for the items of a collection"
)]
pub trait Iterates<T: ?Sized> {}

/// A collection that borrows, or a pair or map whose first member does. Told by its shape, since
/// lifetimes cannot be asked for; no type of that shape can ever be decoded.
pub trait BorrowsFirst {}

/// A pair or map whose second member borrows, or a collection of such.
pub trait BorrowsSecond {}

/// What borrows from the bytes it is decoded from.
pub trait Borrows {}

impl Borrows for &str {}
impl Borrows for &[u8] {}
impl Borrows for &Path {}
impl<T: ?Sized + BorrowsFirst> Borrows for T {}

/// Undecided for a type that rustc does not know yet, and false for every type that it knows.
#[diagnostic::on_unimplemented(
    message = "the type of this variable is not known where a task captures it",
    label = "that it is `{Self}` is only told later",
    note = "write the type where the variable is declared: `let name: {Self} = ..`"
)]
pub trait Undecided {}

// Two types have it, or else rustc would take an unknown type for the one.
impl Undecided for TaskInput {}
impl Undecided for TaskOutput {}

macro_rules! collections {
    ($trait:ident of $member:ident) => {
        impl<T: $member> $trait for Option<T> {}
        impl<T: $member> $trait for Box<T> {}
        impl<T: $member> $trait for [T] {}
        impl<T: $member, const N: usize> $trait for [T; N] {}
        impl<T: $member> $trait for Vec<T> {}
        impl<T: $member> $trait for VecDeque<T> {}
        impl<T: $member> $trait for LinkedList<T> {}
        impl<T: $member> $trait for BinaryHeap<T> {}
        impl<T: $member> $trait for BTreeSet<T> {}
        impl<T: $member, S> $trait for HashSet<T, S> {}
        impl<T: ?Sized + $trait> $trait for &T {}
    };
}

macro_rules! pairs {
    ($trait:ident: $K:ident $V:ident, $Member:ident: $member:ident) => {
        impl<$K, $V> $trait for BTreeMap<$K, $V> where $Member: $member {}
        impl<$K, $V, S> $trait for HashMap<$K, $V, S> where $Member: $member {}
        impl<$K, $V> $trait for Result<$K, $V> where $Member: $member {}
        impl<$K, $V> $trait for ($K, $V) where $Member: $member {}
    };
}

collections!(BorrowsFirst of Borrows);
pairs!(BorrowsFirst: K V, K: Borrows);
collections!(BorrowsSecond of BorrowsSecond);
pairs!(BorrowsSecond: K V, V: Borrows);

/// What a task gives back.
#[derive(Debug, Clone, Copy)]
pub struct TaskOutput;

/// Said of results that are no data.
#[diagnostic::on_unimplemented(
    message = "`{T}` cannot be the result of a task",
    label = "the result of this task is sent back from another process as data",
    note = "a result must be `serde::Serialize + serde::de::DeserializeOwned + Send + 'static`: derive them, or return what identifies the thing instead",
    note = "a `Result` whose error is none of these: write `?` after it; a future: write `.await` after it"
)]
pub trait Returns<T: ?Sized> {}
