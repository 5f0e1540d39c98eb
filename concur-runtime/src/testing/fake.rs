//! The fake itself: what a test holds, where it holds, and what becomes of tasks that it does not know.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use super::answer::Answer;
use super::scope::{Entered, Scope, enter};
use super::state::State;

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
