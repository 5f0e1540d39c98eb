//! Many tasks of one kind: the `for` form of a block, lazy over its iterator.

mod ended;
mod iter;
mod stream;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

pub use iter::Iter;
pub use stream::Stream;

use crate::codec::CodecError;
use crate::config::{Methods, TaskOptions, WhenFull};
use crate::defer::{self, Deferral, Deferred};
use crate::driver::Driver;
use crate::error::{Error, TaskError};
use crate::outputs::{Gather, gather_items, gather_one, gather_settled_items};
use crate::payload::Payload;
use crate::run::ends::{Jobs, NextTask};
use crate::run::pending::{GatherSink, conclude};
use crate::run::{Pending, Policy, Run, blocking};
use crate::seen::Watched;
use crate::task::body::Returned;
use crate::task::options::WrittenOptions;
use crate::task::{EntryPoint, Site, TaskSpec};
use crate::tasks::options;

/// One task for each item of an iterator; their results are a `Vec<T>` in the order of the items.
///
/// The iterator is asked for an item when its turn comes, never for more than are under way. What
/// all items share is encoded once, each item when its turn comes. `Many` is `Send` and `'static`
/// as its iterator is. What a run gives is an `O`: a `Vec<T>`, or one `T` after
/// [`any`](Many::any).
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
pub struct Many<I: Iterator, T, O = Vec<T>> {
    items: ItemTasks<I>,
    methods: Methods,
    policy: Policy,
    gather: fn() -> Box<dyn Gather<O>>,
    result: PhantomData<fn() -> T>,
}

impl<I: Iterator, T, O> fmt::Debug for Many<I, T, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Many").field("task", &self.items.site.name).finish_non_exhaustive()
    }
}

impl<I: Iterator, T: Returned> Many<I, T> {
    /// The `for` form of a block.
    pub(crate) fn from_items(
        site: Site,
        shared: Result<Payload, CodecError>,
        items: I,
        encode: fn(&I::Item) -> Result<Payload, CodecError>,
        entry: EntryPoint,
    ) -> Self {
        let shared = shared.map(Arc::new);
        let one_kind = OneKind { shared, encode, entry, name: site.name, options: None };
        Self::from_source(ItemTasks::new(site, items, Make::OfOneKind(one_kind)))
    }

    /// Tasks that were made one by one.
    pub(crate) fn from_tasks(site: Site, items: I, spec: fn(I::Item) -> TaskSpec) -> Self {
        Self::from_source(ItemTasks::new(site, items, Make::Ready(spec)))
    }

    fn from_source(items: ItemTasks<I>) -> Self {
        Self {
            items,
            methods: Methods::default(),
            policy: Policy::FailFast,
            gather: gather_items,
            result: PhantomData,
        }
    }

    /// What `#[task(...)]` says of a `for`.
    pub(crate) fn with_written(mut self, written: WrittenOptions) -> Self {
        if let Make::OfOneKind(kind) = &mut self.items.make {
            kind.name = written.name.unwrap_or(kind.name);
            let options = TaskOptions { own: written.said, ..TaskOptions::default() };
            kind.options = Some(Arc::new(options));
        }
        self
    }

    /// Keeps every outcome: each item has a `Result` of its own, so that one failure hides no other.
    pub fn settle(self) -> Many<I, Result<T, TaskError>> {
        self.with_policy(Policy::Settle, gather_settled_items)
    }

    /// The first success is enough: it is the result, and the tasks that have not finished are
    /// cancelled. Only if every task fails does the run fail, with all of their failures; also if
    /// there is no task.
    ///
    /// # Examples
    ///
    /// ```
    /// use concur::concurrent;
    ///
    /// let mirrors = ["broken", "works"].map(String::from);
    /// let page: String = concurrent! {
    ///     for mirror in mirrors => {
    ///         if mirror == "broken" {
    ///             Err("no answer")?;
    ///         }
    ///         format!("from the one that {mirror}")
    ///     }
    /// }
    /// .any()
    /// .run()?;
    /// assert_eq!(page, "from the one that works");
    /// # Ok::<(), concur::Error>(())
    /// ```
    pub fn any(self) -> Many<I, T, T> {
        self.with_policy(Policy::Any, gather_one)
    }

    fn with_policy<U, P>(
        self,
        policy: Policy,
        gather: fn() -> Box<dyn Gather<P>>,
    ) -> Many<I, U, P> {
        let Self { items, methods, .. } = self;
        Many { items, methods, policy, gather, result: PhantomData }
    }
}

impl<I: Iterator, T, O> Many<I, T, O> {
    options!();

    /// Runs a task for each item and blocks until all have ended.
    ///
    /// # Errors
    ///
    /// As [`Tasks::run`](crate::Tasks::run). An iterator that panics ends the run with an error of
    /// the kind [`Panicked`](crate::ErrorKind::Panicked).
    pub fn run(mut self) -> Result<O, Error> {
        let mut run = self.start(self.policy)?;
        let mut gather = (self.gather)();
        blocking::drive(&mut run, &mut self.items, &mut GatherSink(&mut *gather));
        conclude(&mut run, gather)
    }

    /// Hands the tasks over to be run while the program goes on; see
    /// [`Tasks::defer`](crate::Tasks::defer). The iterator is asked for all of its items first, so it
    /// must come to an end.
    ///
    /// # Errors
    ///
    /// As [`Tasks::defer`](crate::Tasks::defer).
    ///
    /// # Panics
    ///
    /// If the iterator panics; nothing is deferred then.
    pub fn defer(mut self) -> Result<Deferred, Error> {
        let mut specs = VecDeque::new();
        while let Some(NextTask(spec)) = self.items.next_task() {
            specs.push_back(spec);
        }
        defer::hand_over(Deferral { specs, methods: self.methods, policy: self.policy })
    }

    fn start(&self, policy: Policy) -> Result<Run, Error> {
        let (least, most) = self.items.items.size_hint();
        let watched = Watched::Here(most.filter(|most| *most == least));
        Run::new(self.methods.clone(), policy, watched)
    }
}

impl<I: Iterator, T, O> IntoFuture for Many<I, T, O> {
    type Output = Result<O, Error>;
    type IntoFuture = Pending<ItemTasks<I>, O>;

    /// Runs the tasks without blocking the executor. The iterator is asked inside the poll.
    fn into_future(self) -> Self::IntoFuture {
        Pending::new(self.start(self.policy), self.items, (self.gather)())
    }
}

/// The tasks of a `Many`, as a run asks for them.
pub struct ItemTasks<I: Iterator> {
    site: Site,
    items: I,
    make: Make<I::Item>,
    /// The fake that held where they were built.
    #[cfg(feature = "testing")]
    fake: Option<Arc<crate::testing::State>>,
}

impl<I: Iterator> ItemTasks<I> {
    fn new(site: Site, items: I, make: Make<I::Item>) -> Self {
        Self {
            site,
            items,
            make,
            #[cfg(feature = "testing")]
            fake: crate::testing::current(),
        }
    }
}

/// How an item becomes a task.
enum Make<Item> {
    /// It is what the tasks of a `for` differ in.
    OfOneKind(OneKind<Item>),
    /// It is a task.
    Ready(fn(Item) -> TaskSpec),
}

/// What the tasks of a `for` have in common.
struct OneKind<Item> {
    name: &'static str,
    shared: Result<Arc<Payload>, CodecError>,
    encode: fn(&Item) -> Result<Payload, CodecError>,
    entry: EntryPoint,
    options: Option<Arc<TaskOptions>>,
}

impl<Item> OneKind<Item> {
    fn task(&self, site: Site, item: &Item) -> TaskSpec {
        let (shared, input) = match &self.shared {
            Ok(shared) => (Arc::clone(shared), (self.encode)(item)),
            Err(err) => (Arc::default(), Err(err.clone())),
        };
        let name = Cow::Borrowed(self.name);
        TaskSpec {
            name,
            site,
            entry: self.entry,
            shared,
            input,
            options: self.options.clone(),
            #[cfg(feature = "testing")]
            fake: crate::testing::current(),
        }
    }
}

impl<I: Iterator> fmt::Debug for ItemTasks<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemTasks").field("task", &self.site.name).finish_non_exhaustive()
    }
}

impl<I: Iterator> Jobs for ItemTasks<I> {
    fn next_task(&mut self) -> Option<NextTask> {
        // Tasks of the source's own making are built here, and belong where the whole does.
        #[cfg(feature = "testing")]
        let _entered = self.fake.as_ref().map(crate::testing::enter);
        let item = self.items.next()?;
        Some(NextTask(match &self.make {
            Make::OfOneKind(kind) => kind.task(self.site, &item),
            Make::Ready(spec) => spec(item),
        }))
    }

    fn is_bounded(&self) -> bool {
        self.items.size_hint().1.is_some()
    }
}
