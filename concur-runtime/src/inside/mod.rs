//! What a task can ask from inside: which task it is, how much time it has, and whether it is still
//! wanted.
//!
//! Everything here works on every driver, in plain and in async tasks, and from any function that a
//! task calls. Outside a task there is nothing to ask: [`current`] is `None`, [`cancelled`] is
//! `false`, [`on_cancel`] does nothing.
//!
//! # Threads
//!
//! On drivers Process and Fork the whole process belongs to the task, so threads that the task has
//! started may ask as well; what they are told is about the task that runs at that moment. On Thread,
//! Sync and engines of one's own, and where async tasks share a worker, only the thread (or the runtime)
//! that runs the task may ask: a thread that the task has started is outside.
//!
//! # Examples
//!
//! A task that can be stopped half-way and leaves nothing behind:
//!
//! ```
//! use std::time::Duration;
//! use concur::{ErrorKind, concurrent, task};
//!
//! fn convert(pages: u32) -> u32 {
//!     // Told when it is to stop, and killed only if it goes on for another five seconds.
//!     task::on_cancel(Duration::from_secs(5));
//!     for page in 0..pages {
//!         if task::cancelled() {
//!             // Here is the time to remove what is half done.
//!             return page;
//!         }
//!         std::thread::sleep(Duration::from_millis(1)); // converts a page
//!     }
//!     pages
//! }
//!
//! let (short,) = concurrent! { short => convert(3) }.run()?;
//! assert_eq!(short, 3);
//!
//! // What a task gives after it was told to stop does not count: its time is over.
//! let err = concurrent! { long => convert(1_000_000) }
//!     .timeout(Duration::from_millis(50))
//!     .run()
//!     .unwrap_err();
//! assert_eq!(err.kind(), ErrorKind::TimedOut);
//! # Ok::<(), concur::Error>(())
//! ```

mod around;
mod current;
#[cfg(all(target_os = "linux", feature = "tokio"))]
pub(crate) mod lane;
#[cfg(target_os = "linux")]
pub(crate) mod own;

use std::time::Duration;

pub(crate) use around::{Around, Follower, Inside, Told};
pub use current::Current;
pub(crate) use current::Facts;

/// What [`on_cancel`] grants at the most.
pub(crate) const LONGEST_GRACE: Duration = Duration::from_secs(60);

/// The task that this code is part of; `None` outside a task.
///
/// In a block inside a task it is the inner task.
///
/// # Examples
///
/// ```
/// use concur::{concurrent, task};
///
/// fn label() -> String {
///     match task::current() {
///         Some(task) => format!("{} (attempt {})", task.name(), task.attempt()),
///         None => "main program".to_owned(),
///     }
/// }
///
/// let (inside,) = concurrent! { report => label() }.run()?;
/// assert_eq!(inside, "report (attempt 1)");
/// assert_eq!(label(), "main program");
/// # Ok::<(), concur::Error>(())
/// ```
#[must_use]
pub fn current() -> Option<Current> {
    Around::here().facts().map(Current::new)
}

/// Whether the task should stop: its caller has asked it to (another task failed, the run was
/// dropped), or its timeout or deadline has passed.
///
/// Once it is `true` it stays so, and what the task gives does not count any more. Without
/// [`on_cancel`] a task on drivers Process and Fork hardly sees it: it is killed (or its future dropped, if
/// it shares its worker) at that moment. On
/// Thread, Sync and engines of one's own nothing is killed, so this is the only way to end early. Sync
/// knows by the clock alone, since there the caller is busy with the task.
///
/// It costs a few nanoseconds (where there is a time limit, a look at the clock besides), so a loop
/// may ask each time round.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use concur::{Driver, ErrorKind, concurrent, task};
///
/// // A task on a thread cannot be killed, but it can look.
/// let err = concurrent! { spins => { while !task::cancelled() { std::thread::yield_now(); } } }
///     .driver(Driver::Thread)
///     .timeout(Duration::from_millis(20))
///     .run()
///     .unwrap_err();
/// assert_eq!(err.kind(), ErrorKind::TimedOut);
/// # Ok::<(), concur::Error>(())
/// ```
#[must_use]
pub fn cancelled() -> bool {
    Around::here().is_cancelled()
}

/// Asks for time to end well: a task that is to stop is told first ([`cancelled`] becomes `true`) and
/// killed only if it has not ended after `grace`.
///
/// Without it a task is killed at once. It counts for the task that calls it, from then on; called
/// again, the last call counts. A task that was told already has the time that it had asked for before.
/// `grace` is a minute at the most, longer ones are cut to that; zero takes it back. Where
/// [`shutdown`](crate::shutdown()) cancels the run, it is five seconds at the most.
///
/// The outcome stays what it was: a task that ran past its timeout is
/// [`TimedOut`](crate::ErrorKind::TimedOut) and one that was stopped because of another is cancelled,
/// whatever it gives within its grace. But its worker lives on and keeps what it has warmed up. A run
/// waits until the task has ended or is gone, so a timeout, a deadline or a failure of another task may
/// take up to `grace` longer to be reported. Dropping a run or its future never waits: the worker is
/// taken back when it has ended, or killed after the grace.
///
/// A block inside the task is told as well: its tasks are stopped, with a grace of their own if they
/// have asked for one, and its run fails as [`Cancelled`](crate::ErrorKind::Cancelled). A block that
/// begins after the task was told is left alone, so a task may clean up with one.
///
/// An async task that shares its worker
/// ([`async_tasks_per_worker`](crate::Tasks::async_tasks_per_worker)) has its future dropped when `grace`
/// is over, and is killed, with its worker, only if it does not yield then.
///
/// On Thread, Sync and engines of one's own nothing is killed and this does nothing.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use concur::{concurrent, task};
///
/// let directory = std::env::temp_dir();
/// let (done,) = concurrent! {
///     upload => {
///         task::on_cancel(Duration::from_secs(10));
///         let parts = directory.components().count();
///         (0..parts).take_while(|_| !task::cancelled()).count() == parts
///     },
/// }
/// .run()?;
/// assert!(done);
/// # Ok::<(), concur::Error>(())
/// ```
pub fn on_cancel(grace: Duration) {
    Around::here().ask_for(grace.min(LONGEST_GRACE));
}
