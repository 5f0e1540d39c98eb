//! Outcomes as the tasks end, one at a time, on the thread that asks.

use std::fmt;

use super::ended::Ended;
use super::{ItemTasks, Many};
use crate::error::{Error, TaskError};
use crate::run::{Policy, Run, blocking};
use crate::task::body::Returned;

/// What [`Many::iter`] makes: the outcomes of tasks as they end, each with the place of its item.
///
/// Every task has its own `Result`. The input is asked as outcomes are taken: never more than twice
/// `limit` items are under way or waiting here, so the input may be endless. Between two calls nothing
/// is launched, no timeout is acted on, and what tasks record is not handed on.
///
/// # Cancellation
///
/// Dropping it cancels the tasks that run; the rest of the input is never asked.
#[must_use = "nothing runs until it is asked for an item"]
pub struct Iter<I: Iterator, T> {
    run: Option<Run>,
    items: ItemTasks<I>,
    ended: Ended<T>,
}

impl<I: Iterator, T> fmt::Debug for Iter<I, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").field("items", &self.items).finish_non_exhaustive()
    }
}

impl<I: Iterator, T: Returned> Iter<I, T> {
    fn new(run: Result<Run, Error>, items: ItemTasks<I>) -> Self {
        let (run, ended) = Ended::of(run, items.site);
        Self { run, items, ended }
    }
}

impl<I: Iterator, T: Returned> Iterator for Iter<I, T> {
    type Item = (usize, Result<T, TaskError>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended.is_empty() {
            let run = self.run.as_mut()?;
            let enough = |ended: &Ended<T>| !ended.is_empty();
            if blocking::drive_until(run, &mut self.items, &mut self.ended, enough) {
                self.ended.conclude(run, self.items.site);
                self.run = None;
            }
        }
        self.ended.next()
    }
}

impl<I: Iterator, T: Returned> std::iter::FusedIterator for Iter<I, T> {}

impl<I: Iterator, T: Returned> Many<I, T> {
    /// Runs the tasks and gives their outcomes as they end, each with the place of its item.
    ///
    /// A setting that is wrong is the one item it gives.
    ///
    /// # Examples
    ///
    /// ```
    /// use concur::concurrent;
    ///
    /// let mut lengths = vec![0; 3];
    /// let words = ["a", "few", "words"].map(String::from);
    /// for (index, length) in concurrent! { for word in words => word.len() }.iter() {
    ///     lengths[index] = length?;
    /// }
    /// assert_eq!(lengths, [1, 3, 5]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn iter(self) -> Iter<I, T> {
        Iter::new(self.start(Policy::Settle), self.items)
    }
}
