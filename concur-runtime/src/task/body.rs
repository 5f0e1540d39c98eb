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

use super::capture::{CaptureOf, Captures};
use super::failure::Failure;
use super::input::{Input, encode_guarded};
pub(crate) use super::result::Returned;
use super::result::{ResultOf, Returning};
use super::{Call, EntryPoint, Registered, Site, TaskSpec, Verdict};
use crate::codec;
use crate::many::Many;
use crate::payload::Payload;
use crate::single::Task;
use crate::sys::conjure::conjure;

/// What an async task is: a future that may borrow what was lent to it.
pub(crate) type TaskFuture<'w, R> = Pin<Box<dyn Future<Output = Result<R, Failure>> + 'w>>;

/// Gives the closure its argument types, which it could not infer alone, and tells what it returns.
pub fn body<C, R, F>(_captures: &C, body: F) -> (F, Returning<R>)
where
    C: Captures,
    F: for<'w> Fn(&'w (), C::Seen<'w>) -> Result<R, Failure>,
{
    (body, Returning::new())
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
    ///
    /// rustc shows the line below, with its comment, to whoever captured something else.
    #[rustfmt::skip]
    pub fn captures_nothing_else<R>( // to capture it, list it: `name => [variable] expression`
        self,
        _body: for<'w> fn(&'w (), C::Seen<'w>) -> Result<R, Failure>,
    ) {
    }

    /// Checks the body of an async task.
    ///
    /// rustc shows the line below, with its comment, to whoever captured something else.
    #[rustfmt::skip]
    pub fn captures_nothing_else_async<R>( // to capture it, list it: `name => [variable] expression`
        self,
        _body: for<'w> fn(&'w (), C::Seen<'w>) -> TaskFuture<'w, R>,
    ) {
    }
}

/// Makes a task of a block.
pub fn task<C, R, W, F>(
    site: Site,
    input: Input,
    _captures: C,
    _result: W,
    _body: F,
) -> Task<W::Value>
where
    C: Captures,
    W: ResultOf<R>,
    F: for<'w> Fn(&'w (), C::Seen<'w>) -> Result<R, Failure>,
{
    part(site, input, entry_point::<SyncTask<C, R, W, F>>(false))
}

/// Makes many tasks, one for each item.
pub fn many<I, V, C, R, W, F>(
    site: Site,
    shared: Input,
    items: I,
    _item: V,
    _captures: C,
    _result: W,
    _body: F,
) -> Many<I, W::Value>
where
    I: Iterator,
    V: CaptureOf<I::Item>,
    C: Captures,
    W: ResultOf<R>,
    F: for<'w> Fn(&'w (), C::Seen<'w>) -> Result<R, Failure>,
{
    let entry = entry_point::<SyncTask<C, R, W, F>>(false);
    Many::from_items(site, shared.finish(), items, encode_item::<I, V>, entry)
}

fn encode_item<I: Iterator, V: CaptureOf<I::Item>>(
    item: &I::Item,
) -> Result<Payload, codec::CodecError> {
    let mut payload = Payload::new();
    encode_guarded::<V, I::Item>(item, &mut payload)?;
    Ok(payload)
}

fn part<R>(site: Site, input: Input, entry: EntryPoint) -> Task<R> {
    Task::from_spec(TaskSpec {
        name: Cow::Borrowed(site.name),
        site,
        entry,
        shared: Arc::new(Payload::new()),
        input: input.finish(),
        options: None,
        #[cfg(feature = "testing")]
        fake: crate::testing::current(),
    })
}

pub(crate) fn entry_point<T: Registered>(is_async: bool) -> EntryPoint {
    EntryPoint {
        here: T::run,
        #[cfg(target_os = "linux")]
        id: crate::sys::registry::register::<T>(),
        #[cfg(not(target_os = "linux"))]
        id: 0,
        is_async,
        #[cfg(feature = "testing")]
        types: T::types(),
    }
}

/// Stands for a task whose body is an ordinary closure.
struct SyncTask<C, R, W, F>(PhantomData<(C, R, W, F)>);

impl<C, R, W, F> Registered for SyncTask<C, R, W, F>
where
    C: Captures,
    W: ResultOf<R>,
    F: for<'w> Fn(&'w (), C::Seen<'w>) -> Result<R, Failure>,
{
    fn run(call: &mut Call<'_>) {
        call_with::<C, R, W>(call, |seen| conjure::<F>()(&(), seen));
    }

    #[cfg(feature = "testing")]
    fn types() -> crate::testing::Types {
        crate::testing::Types::of::<C, W::Value>()
    }
}

/// Decodes the captures, lends them to `work`, encodes what it gives.
fn call_with<C: Captures, R, W: ResultOf<R>>(
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
        Ok(result) => match W::encode(&result, call.output) {
            Ok(()) => Verdict::Done,
            Err(err) => Verdict::Unencodable(err),
        },
    };
}

pub use for_async::{body_async, many_async, task_async};

mod for_async {
    use super::{
        Call, CaptureOf, Captures, Input, Many, PhantomData, Registered, ResultOf, Returning, Site,
        Task, TaskFuture, call_with, conjure, encode_item, entry_point, part,
    };
    use crate::task::async_runtime::block_on;

    /// [`body`](super::body) for an async task.
    pub fn body_async<C, R, F>(_captures: &C, body: F) -> (F, Returning<R>)
    where
        C: Captures,
        F: for<'w> Fn(&'w (), C::Seen<'w>) -> TaskFuture<'w, R>,
    {
        (body, Returning::new())
    }

    /// [`task`](super::task) for an async task.
    pub fn task_async<C, R, W, F>(
        site: Site,
        input: Input,
        _captures: C,
        _result: W,
        _body: F,
    ) -> Task<W::Value>
    where
        C: Captures,
        W: ResultOf<R>,
        F: for<'w> Fn(&'w (), C::Seen<'w>) -> TaskFuture<'w, R>,
    {
        part(site, input, entry_point::<AsyncTask<C, R, W, F>>(true))
    }

    /// [`many`](super::many) for async tasks.
    pub fn many_async<I, V, C, R, W, F>(
        site: Site,
        shared: Input,
        items: I,
        _item: V,
        _captures: C,
        _result: W,
        _body: F,
    ) -> Many<I, W::Value>
    where
        I: Iterator,
        V: CaptureOf<I::Item>,
        C: Captures,
        W: ResultOf<R>,
        F: for<'w> Fn(&'w (), C::Seen<'w>) -> TaskFuture<'w, R>,
    {
        let entry = entry_point::<AsyncTask<C, R, W, F>>(true);
        Many::from_items(site, shared.finish(), items, encode_item::<I, V>, entry)
    }

    /// Stands for a task whose body awaits.
    struct AsyncTask<C, R, W, F>(PhantomData<(C, R, W, F)>);

    impl<C, R, W, F> Registered for AsyncTask<C, R, W, F>
    where
        C: Captures,
        W: ResultOf<R>,
        F: for<'w> Fn(&'w (), C::Seen<'w>) -> TaskFuture<'w, R>,
    {
        fn run(call: &mut Call<'_>) {
            call_with::<C, R, W>(call, |seen| block_on(conjure::<F>()(&(), seen))?);
        }

        #[cfg(feature = "testing")]
        fn types() -> crate::testing::Types {
            crate::testing::Types::of::<C, W::Value>()
        }
    }
}
