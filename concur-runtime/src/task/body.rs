//! From a closure to an entry point.
//!
//! A macro makes each task a closure that captures nothing and takes the captured values as
//! arguments. Its type alone is enough to make it again in a worker, so the entry point is a generic
//! function over that type.

use std::borrow::Cow;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};

use super::capture::{CaptureOf, Captures};
use super::failure::Failure;
use super::input::{Input, encode_guarded};
use super::{Call, EntryPoint, Registered, Site, TaskSpec, Verdict};
use crate::codec;
use crate::many::Many;
use crate::payload::Payload;
use crate::sys::conjure::conjure;

/// What an async task is: a future that may borrow what was lent to it.
pub(crate) type TaskFuture<'w, R> = Pin<Box<dyn Future<Output = Result<R, Failure>> + 'w>>;

/// What a task may return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a task",
    label = "the result of this task is sent back from another process as data",
    note = "a result must be `Serialize + DeserializeOwned + Send + 'static`: derive both, or return what identifies the thing instead"
)]
pub trait Returned: Serialize + DeserializeOwned + Send + 'static {}

impl<T: Serialize + DeserializeOwned + Send + 'static> Returned for T {}

/// A task of a block, with the type of its result.
#[derive(Debug)]
pub struct TaskPart<R> {
    pub(crate) spec: TaskSpec,
    result: PhantomData<fn() -> R>,
}

/// Gives the closure its argument types, which it could not infer alone.
pub fn body<C, R, F>(_captures: &C, body: F) -> F
where
    C: Captures,
    F: for<'w> Fn(&'w (), C::Seen<'w>) -> Result<R, Failure>,
{
    body
}

/// Accepts only what coerces to a function pointer: rustc points at anything that a body captures.
///
/// Made from the captures first, since rustc must know their types before it coerces.
#[derive(Debug)]
pub struct Plain<C>(PhantomData<fn() -> C>);

impl<C: Captures> Plain<C> {
    /// For bodies that take these captures.
    pub fn of(_captures: &C) -> Self {
        Self(PhantomData)
    }

    /// Checks a body.
    pub fn check<R>(self, _body: for<'w> fn(&'w (), C::Seen<'w>) -> Result<R, Failure>) {}

    /// Checks the body of an async task.
    pub fn check_async<R>(self, _body: for<'w> fn(&'w (), C::Seen<'w>) -> TaskFuture<'w, R>) {}
}

/// Makes a task of a block.
pub fn task<C, R, F>(site: Site, input: Input, _captures: C, _body: F) -> TaskPart<R>
where
    C: Captures,
    R: Returned,
    F: for<'w> Fn(&'w (), C::Seen<'w>) -> Result<R, Failure>,
{
    part(site, input, entry_point::<SyncTask<C, R, F>>(false))
}

/// Makes many tasks, one for each item.
pub fn many<I, V, C, R, F>(
    site: Site,
    shared: Input,
    items: I,
    _item: V,
    _captures: C,
    _body: F,
) -> Many<I, R>
where
    I: Iterator,
    V: CaptureOf<I::Item>,
    C: Captures,
    R: Returned,
    F: for<'w> Fn(&'w (), C::Seen<'w>) -> Result<R, Failure>,
{
    let entry = entry_point::<SyncTask<C, R, F>>(false);
    Many::from_items(site, shared.finish(), items, encode_item::<I, V>, entry)
}

fn encode_item<I: Iterator, V: CaptureOf<I::Item>>(
    item: &I::Item,
) -> Result<Payload, codec::CodecError> {
    let mut payload = Payload::new();
    encode_guarded::<V, I::Item>(item, &mut payload)?;
    Ok(payload)
}

fn part<R>(site: Site, input: Input, entry: EntryPoint) -> TaskPart<R> {
    TaskPart {
        spec: TaskSpec {
            name: Cow::Borrowed(site.name),
            site,
            entry,
            shared: Arc::new(Payload::new()),
            input: input.finish(),
        },
        result: PhantomData,
    }
}

fn entry_point<T: Registered>(is_async: bool) -> EntryPoint {
    EntryPoint {
        here: T::run,
        #[cfg(target_os = "linux")]
        id: crate::sys::registry::register::<T>(),
        #[cfg(not(target_os = "linux"))]
        id: 0,
        is_async,
    }
}

/// Stands for a task whose body is an ordinary closure.
struct SyncTask<C, R, F>(PhantomData<(C, R, F)>);

impl<C, R, F> Registered for SyncTask<C, R, F>
where
    C: Captures,
    R: Returned,
    F: for<'w> Fn(&'w (), C::Seen<'w>) -> Result<R, Failure>,
{
    fn run(call: &mut Call<'_>) {
        call_with::<C, R>(call, |seen| conjure::<F>()(&(), seen));
    }
}

/// Decodes the captures, lends them to `work`, encodes what it gives.
fn call_with<C: Captures, R: Returned>(
    call: &mut Call<'_>,
    work: impl FnOnce(C::Seen<'_>) -> Result<R, Failure>,
) {
    let decoded = C::decode(&mut call.input).and_then(|owned| {
        call.input.finish()?;
        Ok(owned)
    });
    let mut owned = match decoded {
        Ok(owned) => owned,
        Err(err) => {
            call.verdict = Verdict::Undecodable(err);
            return;
        }
    };
    let mut held = C::hold(&mut owned);
    call.verdict = match work(C::lend(&mut held)) {
        Err(failure) => Verdict::Failed(failure.into_report()),
        Ok(result) => match codec::encode_owned(&result, call.output) {
            Ok(()) => Verdict::Done,
            Err(err) => Verdict::Unencodable(err),
        },
    };
}

#[cfg(feature = "tokio")]
pub use with_tokio::{body_async, many_async, task_async};

#[cfg(feature = "tokio")]
mod with_tokio {
    use super::{
        Call, CaptureOf, Captures, Input, Many, PhantomData, Registered, Returned, Site,
        TaskFuture, TaskPart, call_with, conjure, encode_item, entry_point, part,
    };
    use crate::task::async_runtime::block_on;

    /// [`body`](super::body) for an async task.
    pub fn body_async<C, R, F>(_captures: &C, body: F) -> F
    where
        C: Captures,
        F: for<'w> Fn(&'w (), C::Seen<'w>) -> TaskFuture<'w, R>,
    {
        body
    }

    /// [`task`](super::task) for an async task.
    pub fn task_async<C, R, F>(site: Site, input: Input, _captures: C, _body: F) -> TaskPart<R>
    where
        C: Captures,
        R: Returned,
        F: for<'w> Fn(&'w (), C::Seen<'w>) -> TaskFuture<'w, R>,
    {
        part(site, input, entry_point::<AsyncTask<C, R, F>>(true))
    }

    /// [`many`](super::many) for async tasks.
    pub fn many_async<I, V, C, R, F>(
        site: Site,
        shared: Input,
        items: I,
        _item: V,
        _captures: C,
        _body: F,
    ) -> Many<I, R>
    where
        I: Iterator,
        V: CaptureOf<I::Item>,
        C: Captures,
        R: Returned,
        F: for<'w> Fn(&'w (), C::Seen<'w>) -> TaskFuture<'w, R>,
    {
        let entry = entry_point::<AsyncTask<C, R, F>>(true);
        Many::from_items(site, shared.finish(), items, encode_item::<I, V>, entry)
    }

    /// Stands for a task whose body awaits.
    struct AsyncTask<C, R, F>(PhantomData<(C, R, F)>);

    impl<C, R, F> Registered for AsyncTask<C, R, F>
    where
        C: Captures,
        R: Returned,
        F: for<'w> Fn(&'w (), C::Seen<'w>) -> TaskFuture<'w, R>,
    {
        fn run(call: &mut Call<'_>) {
            call_with::<C, R>(call, |seen| block_on(conjure::<F>()(&(), seen))?);
        }
    }
}
