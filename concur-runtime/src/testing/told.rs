//! What a test tells its fake: how tasks end, by name.

use std::error::Error;

use serde::Serialize;

use super::answer::Answer;
use super::captures::CaptureTuple;
use super::fake::Fake;
use crate::task::failure::Failure;

/// How tasks end. Each name stands for every task of that name.
impl Fake {
    /// Tasks of this name give this value, which must be of the very type of their result: `10_u64`
    /// for a `u64`, a `String` for a `String`.
    ///
    /// # Errors
    ///
    /// Of the run, if it is of another type: the kind is [`Decode`](crate::ErrorKind::Decode), and the
    /// text names both.
    ///
    /// # Examples
    ///
    /// ```
    /// use concur::{ErrorKind, concurrent, testing};
    ///
    /// let fake = testing::fake();
    /// fake.returns("users", "ten");
    /// let err = concurrent! { users => 0_u64 }.run().unwrap_err();
    /// assert_eq!(err.kind(), ErrorKind::Decode);
    /// assert!(err.to_string().contains("`&str`") && err.to_string().contains("`u64`"));
    /// ```
    pub fn returns<T: Serialize + 'static>(&self, task: &str, value: T) -> &Self {
        self.always(task, Answer::returns(value))
    }

    /// Tasks of this name give one of these values each, in order, and then what else is said of them:
    /// without that, one more is an error.
    ///
    /// # Examples
    ///
    /// ```
    /// use concur::{concurrent, testing};
    ///
    /// let fake = testing::fake();
    /// fake.returns_each("page", [200_u16, 404]).returns("page", 500_u16);
    /// let pages = concurrent! { for page in 0..4_u16 => page }.run()?;
    /// assert_eq!(pages, [200, 404, 500, 500]);
    /// # Ok::<(), concur::Error>(())
    /// ```
    pub fn returns_each<T, I>(&self, task: &str, values: I) -> &Self
    where
        T: Serialize + 'static,
        I: IntoIterator<Item = T>,
    {
        self.answers(task, values.into_iter().map(Answer::returns))
    }

    /// Tasks of this name fail, as by `?`, with any error, its sources, or
    /// [`Failure::permanent`](crate::Failure::permanent).
    ///
    /// # Examples
    ///
    /// ```
    /// use concur::{concurrent, testing};
    ///
    /// let fake = testing::fake();
    /// fake.fails("orders", "down");
    /// let err = concurrent! { orders => 0_u64 }.run().unwrap_err();
    /// assert_eq!(err.to_string(), "task `orders` failed: down");
    /// ```
    pub fn fails(&self, task: &str, err: impl Into<Failure>) -> &Self {
        self.always(task, Answer::fails(err))
    }

    /// [`fails`](Fake::fails) with an error that travels as data, as that of an annotated function does:
    /// [`TaskError::decode_error`](crate::TaskError::decode_error) gives it back.
    pub fn fails_with<E>(&self, task: &str, err: E) -> &Self
    where
        E: Into<Box<dyn Error + Send + Sync>> + Serialize,
    {
        self.always(task, Answer::fails_with(err))
    }

    /// One attempt at a task of this name fails, and the next ones end as is said elsewhere.
    ///
    /// # Examples
    ///
    /// ```
    /// use concur::{concurrent, testing};
    ///
    /// let fake = testing::fake();
    /// fake.fails_once("orders", "busy").returns("orders", 3_u64);
    /// let (orders,) = concurrent! { orders => 0_u64 }.retries(1).run()?;
    /// assert_eq!(orders, 3);
    /// # Ok::<(), concur::Error>(())
    /// ```
    pub fn fails_once(&self, task: &str, err: impl Into<Failure>) -> &Self {
        self.answers(task, [Answer::fails(err)])
    }

    /// Tasks of this name panic, at the place where this is written. Nothing panics in the test.
    #[track_caller]
    pub fn panics(&self, task: &str, message: impl Into<String>) -> &Self {
        self.always(task, Answer::panics(message))
    }

    /// Tasks of this name run past their timeout, or past the deadline if they have no timeout. No time
    /// passes.
    pub fn times_out(&self, task: &str) -> &Self {
        self.always(task, Answer::times_out())
    }

    /// The workers of tasks of this name are killed by SIGKILL.
    pub fn is_killed(&self, task: &str) -> &Self {
        self.always(task, Answer::is_killed())
    }

    /// The workers of tasks of this name are killed by this signal.
    pub fn is_killed_by(&self, task: &str, signal: i32) -> &Self {
        self.always(task, Answer::is_killed_by(signal))
    }

    /// The workers of tasks of this name exit with this code; 0 is a failure as well.
    pub fn exits(&self, task: &str, code: i32) -> &Self {
        self.always(task, Answer::exits(code))
    }

    /// An allocation fails in the workers of tasks of this name.
    pub fn runs_out_of_memory(&self, task: &str) -> &Self {
        self.always(task, Answer::runs_out_of_memory())
    }

    /// No worker can be had for tasks of this name, for this reason.
    pub fn cannot_start(&self, task: &str, reason: impl Into<String>) -> &Self {
        self.always(task, Answer::cannot_start(reason))
    }

    /// The queue for the driver of tasks of this name is full.
    pub fn finds_no_room(&self, task: &str) -> &Self {
        self.always(task, Answer::finds_no_room())
    }

    /// Tasks of this name are cancelled.
    pub fn is_cancelled(&self, task: &str) -> &Self {
        self.always(task, Answer::is_cancelled())
    }

    /// A closure computes what tasks of this name give, in this process. What holds for a task on driver
    /// Sync holds for it: its panic is that of the task, it cannot be stopped, and if it ends when the
    /// timeout is over, the task timed out; [`task::current`](crate::inside::current) tells it which
    /// task it is.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// use concur::{concurrent, testing};
    ///
    /// let fake = testing::fake();
    /// let next = AtomicU64::new(1);
    /// fake.runs("ticket", move || next.fetch_add(1, Ordering::Relaxed));
    /// let tickets = concurrent! { for ticket in 0..3_u64 => ticket }.run()?;
    /// assert_eq!(tickets, [1, 2, 3]);
    /// # Ok::<(), concur::Error>(())
    /// ```
    pub fn runs<T, F>(&self, task: &str, work: F) -> &Self
    where
        T: Serialize + 'static,
        F: Fn() -> T + Send + Sync + 'static,
    {
        self.always(task, Answer::runs(work))
    }

    /// [`runs`](Fake::runs) with what the task captured, as a tuple; see [`CaptureTuple`].
    ///
    /// # Errors
    ///
    /// Of the run, if the task captures something else: the kind is
    /// [`Decode`](crate::ErrorKind::Decode), and the text names both tuples.
    ///
    /// # Examples
    ///
    /// ```
    /// use concur::{concurrent, testing};
    ///
    /// let fake = testing::fake();
    /// fake.runs_with("sales", |(region, year): (String, u16)| format!("{region} in {year}"));
    ///
    /// let (region, year) = ("EU", 2026_u16);
    /// let (sales,) = concurrent! { sales => region.repeat(usize::from(year)) }.run()?;
    /// assert_eq!(sales, "EU in 2026");
    /// # Ok::<(), concur::Error>(())
    /// ```
    pub fn runs_with<C, T, F>(&self, task: &str, work: F) -> &Self
    where
        C: CaptureTuple,
        T: Serialize + 'static,
        F: Fn(C) -> T + Send + Sync + 'static,
    {
        self.always(task, Answer::runs_with(work))
    }

    /// A closure decides how tasks of this name end, by what they captured; see [`CaptureTuple`].
    ///
    /// # Examples
    ///
    /// ```
    /// use concur::{concurrent, testing::{self, Answer}};
    ///
    /// let fake = testing::fake();
    /// fake.decides("page", |(page,): (u32,)| match page {
    ///     2 => Answer::times_out(),
    ///     page => Answer::returns(page * 10),
    /// });
    /// let pages = concurrent! { for page in 1..=3_u32 => page }.settle().run()?;
    /// assert_eq!(pages.iter().filter_map(|page| page.as_ref().ok()).collect::<Vec<_>>(), [&10, &30]);
    /// # Ok::<(), concur::Error>(())
    /// ```
    pub fn decides<C, F>(&self, task: &str, decide: F) -> &Self
    where
        C: CaptureTuple,
        F: Fn(C) -> Answer + Send + Sync + 'static,
    {
        self.always(task, Answer::decides(decide))
    }

    /// Attempts at tasks of this name end so, one after the other, and then as is said elsewhere:
    /// without that, one more is an error.
    ///
    /// # Examples
    ///
    /// ```
    /// use concur::{concurrent, testing::{self, Answer}};
    ///
    /// let fake = testing::fake();
    /// fake.answers("stock", [Answer::fails("down"), Answer::is_killed(), Answer::returns(3_u64)]);
    /// let (stock,) = concurrent! { stock => 0_u64 }.retries(2).run()?;
    /// assert_eq!(stock, 3);
    /// # Ok::<(), concur::Error>(())
    /// ```
    pub fn answers(&self, task: &str, answers: impl IntoIterator<Item = Answer>) -> &Self {
        self.state.give_once(task, answers);
        self
    }

    /// Tasks of this name end so, once the answers for single attempts are given. Said again, it takes
    /// the place of what was said before.
    ///
    /// # Examples
    ///
    /// ```
    /// use concur::{ErrorKind, concurrent, testing::{self, Answer}};
    ///
    /// let fake = testing::fake();
    /// fake.answers("stock", [Answer::returns(7_u64)]).always("stock", Answer::cannot_start("no memory"));
    /// assert_eq!(concurrent! { stock => 0_u64 }.run()?, (7,));
    /// let err = concurrent! { stock => 0_u64 }.run().unwrap_err();
    /// assert_eq!(err.kind(), ErrorKind::Start);
    /// # Ok::<(), concur::Error>(())
    /// ```
    pub fn always(&self, task: &str, answer: Answer) -> &Self {
        self.state.give_always(task, answer);
        self
    }
}
