//! Outcomes as the tasks end, for async code.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::ended::Ended;
use super::{ItemTasks, Many};
use crate::error::{Error, TaskError};
use crate::run::{Policy, Run, Wait};
use crate::task::body::Returned;

/// What [`Many::stream`] makes: the outcomes of tasks as they end, each with the place of its item.
///
/// As [`Iter`](super::Iter), and it never blocks the executor: the input is asked inside the poll.
///
/// # Cancellation
///
/// Dropping it cancels the tasks that run; the rest of the input is never asked.
#[must_use = "nothing runs until it is polled"]
pub struct Stream<I: Iterator, T> {
    run: Option<Run>,
    items: ItemTasks<I>,
    ended: Ended<T>,
    #[cfg(target_os = "linux")]
    watch: crate::reactor::Watch,
}

impl<I: Iterator, T> fmt::Debug for Stream<I, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("items", &self.items).finish_non_exhaustive()
    }
}

/// Nothing in it is pinned.
impl<I: Iterator, T> Unpin for Stream<I, T> {}

impl<I: Iterator, T: Returned> Stream<I, T> {
    fn new(run: Result<Run, Error>, items: ItemTasks<I>) -> Self {
        let (run, ended) = Ended::of(run, items.site);
        Self {
            run,
            items,
            ended,
            #[cfg(target_os = "linux")]
            watch: crate::reactor::Watch::default(),
        }
    }
}

impl<I: Iterator, T: Returned> futures_core::Stream for Stream<I, T> {
    type Item = (usize, Result<T, TaskError>);

    fn poll_next(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        while this.ended.is_empty() {
            let Some(run) = &mut this.run else { break };
            if run.advance(&mut this.items, &mut this.ended, &mut || ctx.waker().clone()) {
                this.ended.conclude(run, this.items.site);
                this.run = None;
            } else if this.ended.is_empty() {
                let mut wait = Wait::default();
                if !run.park(&mut wait) {
                    #[cfg(target_os = "linux")]
                    this.watch.set(wait, ctx.waker());
                    return Poll::Pending;
                }
            }
        }
        #[cfg(target_os = "linux")]
        this.watch.clear();
        Poll::Ready(this.ended.next())
    }
}

impl<I: Iterator, T: Returned> Many<I, T> {
    /// Runs the tasks and gives their outcomes as they end, as a stream for async code.
    ///
    /// A setting that is wrong is the one item it gives.
    ///
    /// # Examples
    ///
    /// ```
    /// use concur::concurrent;
    /// use futures_lite::StreamExt;
    ///
    /// # smol::block_on(async {
    /// let mut total = 0;
    /// let mut squares = concurrent! { for n in 1..=4_u64 => n * n }.stream();
    /// while let Some((_index, square)) = squares.next().await {
    ///     total += square?;
    /// }
    /// assert_eq!(total, 30);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn stream(self) -> Stream<I, T> {
        Stream::new(self.start(Policy::Settle), self.items)
    }
}
