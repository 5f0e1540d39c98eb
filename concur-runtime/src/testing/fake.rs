//! The fake itself: what a test holds, and tells how tasks end.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use serde::Serialize;

use super::answer::Answer;
use super::captures::CaptureTuple;
use super::scope::{Entered, Scope, enter};
use super::state::State;
use crate::task::failure::Failure;

/// Has a fake hold in this thread until it is dropped: blocks and tasks that are built meanwhile end as
/// it says. See the [module](crate::testing) for the whole.
///
/// # Examples
///
/// ```
/// use concur::{concurrent, testing};
///
/// let fake = testing::fake();
/// fake.returns("users", 10_u64);
///
/// let (users,) = concurrent! { users => 0_u64 }.run()?;
/// assert_eq!(users, 10);
/// fake.assert_ran("users");
/// # Ok::<(), concur::Error>(())
/// ```
pub fn fake() -> Fake {
    let state = Arc::new(State::default());
    Fake { entered: enter(&state), state }
}

/// Says how tasks end, by name, and knows afterwards which ones ran: made by [`fake`].
///
/// Its methods may be called at any time, also between two runs. Those that tell it something give it
/// back, so that one can follow another.
///
/// It stays in its thread, but may be asked from others.
///
/// # Panics
///
/// When it is dropped, if a task had no answer, or one of a wrong type, and nobody has read the error
/// that says so (its text, its kind or its task). Never while the test panics already.
#[must_use = "a fake ends when it is dropped: keep it in a variable, as `let fake = ..`, not `let _ = ..`"]
pub struct Fake {
    pub(super) state: Arc<State>,
    #[expect(dead_code, reason = "dropped with the fake")]
    entered: Entered,
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fake").field("state", &self.state).finish_non_exhaustive()
    }
}

/// What to do about tasks that are not named.
impl Fake {
    /// Tasks without an answer run really, and are counted as the others.
    ///
    /// # Examples
    ///
    /// ```
    /// use concur::{concurrent, testing};
    ///
    /// let fake = testing::fake();
    /// fake.passthrough().returns("stock", 7_u64);
    ///
    /// let (stock, price) = concurrent! { stock => 0_u64, price => 3_u64 }.run()?;
    /// assert_eq!((stock, price), (7, 3));
    /// # Ok::<(), concur::Error>(())
    /// ```
    pub fn passthrough(&self) -> &Self {
        self.state.known().passthrough = true;
        self
    }

    /// Tasks of this name run really.
    pub fn passes_through(&self, task: &str) -> &Self {
        self.always(task, Answer::passes_through())
    }

    /// A task without an answer, or with one of a wrong type, is a panic at once, on the thread that
    /// drives the run; and an answer that was never asked for is a panic when the fake is dropped.
    ///
    /// # Examples
    ///
    /// ```should_panic
    /// use concur::{concurrent, testing};
    ///
    /// let fake = testing::fake();
    /// fake.strict();
    /// let (users,) = concurrent! { users => 1 }.settle().run()?;
    /// let users = users.unwrap_or_default(); // what hides the error without `strict`
    /// # Ok::<(), concur::Error>(())
    /// ```
    pub fn strict(&self) -> &Self {
        self.state.known().strict = true;
        self
    }
}

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

    /// The workers of tasks of this name exit with this code; 0 is a failure as well.
    pub fn exits(&self, task: &str, code: i32) -> &Self {
        self.always(task, Answer::exits(code))
    }

    /// An allocation fails in the workers of tasks of this name.
    pub fn runs_out_of_memory(&self, task: &str) -> &Self {
        self.always(task, Answer::runs_out_of_memory())
    }

    /// A closure computes what tasks of this name give, in this process; it runs to its end, whatever
    /// their timeout. Its panic is that of the task.
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
    /// fake.always("stock", Answer::cannot_start("no memory"));
    /// let err = concurrent! { stock => 0_u64 }.run().unwrap_err();
    /// assert_eq!(err.kind(), ErrorKind::Start);
    /// ```
    pub fn always(&self, task: &str, answer: Answer) -> &Self {
        self.state.give_always(task, answer);
        self
    }
}

/// Where it holds besides.
impl Fake {
    /// The same future, in which this fake holds wherever it is polled: for tasks that an executor moves
    /// to other threads.
    ///
    /// Needed in each future that is spawned: a fake that holds in a future does not hold in those which
    /// that one spawns.
    ///
    /// # Examples
    ///
    /// ```
    /// use concur::{concurrent, testing};
    ///
    /// let fake = testing::fake();
    /// fake.returns("users", 10_u64);
    /// let work = async { concurrent! { users => 0_u64 }.await };
    ///
    /// let spawned = smol::spawn(fake.scope(work));
    /// assert_eq!(smol::block_on(spawned)?, (10,));
    /// # Ok::<(), concur::Error>(())
    /// ```
    pub fn scope<F: Future>(&self, future: F) -> Scope<F> {
        Scope::new(&self.state, future)
    }

    /// Calls a closure in which this fake holds: for threads of the test's own.
    ///
    /// # Examples
    ///
    /// ```
    /// use concur::{concurrent, testing};
    ///
    /// let fake = testing::fake();
    /// fake.returns("users", 10_u64);
    /// std::thread::scope(|threads| {
    ///     threads.spawn(|| {
    ///         let users = fake.within(|| concurrent! { users => 0_u64 }.run());
    ///         assert_eq!(users.unwrap(), (10,));
    ///     });
    /// });
    /// fake.assert_ran("users");
    /// ```
    pub fn within<R>(&self, work: impl FnOnce() -> R) -> R {
        let _entered = enter(&self.state);
        work()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let known = self.state.known();
        let unread = known.mistakes.iter().filter(|mistake| !mistake.was_read());
        let mut lines: Vec<String> = unread.map(|mistake| mistake.text().to_owned()).collect();
        if known.strict {
            lines.extend(known.left_over());
        }
        drop(known);
        lines.dedup();
        assert!(lines.is_empty(), "{}", lines.join("\n"));
    }
}
