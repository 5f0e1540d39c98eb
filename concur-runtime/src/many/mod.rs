//! Many tasks of one kind: the `for` form of a block, lazy over its iterator.

mod ended;
mod iter;
mod stream;

use std::borrow::Cow;
use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

pub use iter::Iter;
pub use stream::Stream;

use crate::codec::CodecError;
use crate::config::{Methods, Settings};
use crate::driver::Driver;
use crate::error::{Error, TaskError};
use crate::outputs::{Gather, gather_items, gather_settled_items};
use crate::payload::Payload;
use crate::run::ends::{Jobs, NextTask};
use crate::run::pending::{GatherSink, conclude};
use crate::run::{Pending, Policy, Run, blocking};
use crate::task::body::Returned;
use crate::task::{EntryPoint, Site, TaskSpec};
use crate::tasks::options;

/// One task for each item of an iterator; their results are a `Vec<T>` in the order of the items.
///
/// The iterator is asked for an item when its turn comes, never for more than are under way. What
/// all items share is encoded once, each item when its turn comes. `Many` is `Send` and `'static`
/// as its iterator is.
///
/// # Examples
///
/// ```
/// use concur::concurrent;
///
/// let words = ["a", "few", "words"].map(String::from);
/// let lengths: Vec<usize> = concurrent! { for word in words => word.len() }.limit(2).run()?;
/// assert_eq!(lengths, [1, 3, 5]);
/// # Ok::<(), concur::Error>(())
/// ```
#[must_use = "a block only describes its tasks: call `.run()` or `.await` it"]
pub struct Many<I: Iterator, T> {
    items: ItemTasks<I>,
    methods: Methods,
    policy: Policy,
    gather: fn() -> Box<dyn Gather<Vec<T>>>,
}

impl<I: Iterator, T> fmt::Debug for Many<I, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Many").field("task", &self.items.site.name).finish_non_exhaustive()
    }
}

impl<I: Iterator, T: Returned> Many<I, T> {
    pub(crate) fn from_items(
        site: Site,
        shared: Result<Payload, CodecError>,
        items: I,
        encode: fn(&I::Item) -> Result<Payload, CodecError>,
        entry: EntryPoint,
    ) -> Self {
        let shared = shared.map(Arc::new);
        Self {
            items: ItemTasks { site, shared, items, encode, entry },
            methods: Methods::default(),
            policy: Policy::FailFast,
            gather: gather_items,
        }
    }

    /// Keeps every outcome: each item has a `Result` of its own, so that one failure hides no other.
    pub fn settle(self) -> Many<I, Result<T, TaskError>> {
        Many {
            items: self.items,
            methods: self.methods,
            policy: Policy::Settle,
            gather: gather_settled_items,
        }
    }
}

impl<I: Iterator, T> Many<I, T> {
    options!();

    /// Runs a task for each item and blocks until all have ended.
    ///
    /// # Errors
    ///
    /// As [`Tasks::run`](crate::Tasks::run). An iterator that panics ends the run with an error of
    /// the kind [`Panicked`](crate::ErrorKind::Panicked).
    pub fn run(mut self) -> Result<Vec<T>, Error> {
        let mut run = self.start(self.policy)?;
        let mut gather = (self.gather)();
        blocking::drive(&mut run, &mut self.items, &mut GatherSink(&mut *gather));
        conclude(&mut run, gather)
    }
}

impl<I: Iterator, T> Many<I, T> {
    fn start(&self, policy: Policy) -> Result<Run, Error> {
        Run::new(Settings::resolve(&self.methods)?, policy)
    }
}

impl<I: Iterator, T> IntoFuture for Many<I, T> {
    type Output = Result<Vec<T>, Error>;
    type IntoFuture = Pending<ItemTasks<I>, Vec<T>>;

    /// Runs the tasks without blocking the executor. The iterator is asked inside the poll.
    fn into_future(self) -> Self::IntoFuture {
        Pending::new(self.start(self.policy), self.items, (self.gather)())
    }
}

/// The tasks of a `for`, as a run asks for them.
pub struct ItemTasks<I: Iterator> {
    site: Site,
    shared: Result<Arc<Payload>, CodecError>,
    items: I,
    encode: fn(&I::Item) -> Result<Payload, CodecError>,
    entry: EntryPoint,
}

impl<I: Iterator> fmt::Debug for ItemTasks<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemTasks").field("task", &self.site.name).finish_non_exhaustive()
    }
}

impl<I: Iterator> Jobs for ItemTasks<I> {
    fn next_task(&mut self) -> Option<NextTask> {
        let item = self.items.next()?;
        let (shared, input) = match &self.shared {
            Ok(shared) => (Arc::clone(shared), (self.encode)(&item)),
            Err(err) => (Arc::default(), Err(err.clone())),
        };
        Some(NextTask(TaskSpec {
            name: Cow::Borrowed(self.site.name),
            site: self.site,
            entry: self.entry,
            shared,
            input,
        }))
    }

    fn is_bounded(&self) -> bool {
        self.items.size_hint().1.is_some()
    }
}
