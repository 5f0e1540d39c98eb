//! Runs Rust code in other processes and gives back typed results.
//!
//! Describe a few independent tasks in one macro; each runs in a worker process; what they return
//! comes back as a tuple, in the order written, with its types. What a task uses of its surroundings
//! is sent to it by itself, as data, and what cannot be sent is an error when the program is
//! compiled. A task that crashes, hangs or eats memory is an [`Error`] that says so, and nothing
//! more.
//!
//! ```
//! use concur::concurrent;
//!
//! let words = vec!["one", "two", "three"].into_iter().map(String::from).collect::<Vec<_>>();
//! let (count, longest) = concurrent! {
//!     count => words.len(),
//!     longest => words.iter().map(String::len).max().unwrap_or(0),
//! }
//! .run()?;
//! assert_eq!((count, longest), (3, 5));
//! # Ok::<(), concur::Error>(())
//! ```
//!
//! No set-up is needed: not in a binary, a test, an example, a bench or a doctest like this one.
//!
//! # Blocks
//!
//! [`concurrent!`] describes; a verb runs: `run` blocks, `.await` does not. Options are methods of
//! what a block makes, [`Tasks`] or, for the `for` form, [`Many`]:
//!
//! ```
//! use std::time::Duration;
//! use concur::{concurrent, Driver};
//!
//! let numbers = [3_u64, 5, 8];
//! let squares: Vec<u64> = concurrent! { for n in numbers => n * n }
//!     .driver(Driver::Process)
//!     .timeout(Duration::from_secs(5))
//!     .limit(2)
//!     .run()?;
//! assert_eq!(squares, [9, 25, 64]);
//! # Ok::<(), concur::Error>(())
//! ```
//!
//! # Errors
//!
//! `?` works inside a task with any error. The first failure cancels the other tasks and is the
//! error of the run; with `settle` each task has its own `Result`:
//!
//! ```
//! use concur::{concurrent, ErrorKind};
//!
//! let (good, bad) = concurrent! {
//!     good => "7".parse::<u32>()?,
//!     bad => "seven".parse::<u32>()?,
//! }
//! .settle()
//! .run()?;
//! assert_eq!(good.unwrap(), 7);
//! assert_eq!(bad.unwrap_err().kind(), ErrorKind::Failed);
//! # Ok::<(), concur::Error>(())
//! ```
//!
//! # Inside a task
//!
//! [`task::current`] tells a task its name, its worker and how much time it has; [`task::cancelled`]
//! whether it should stop; with [`task::on_cancel`] it has time to end well before it is killed.
//!
//! # What every worker needs
//!
//! A task finds nothing that `main` has set up. [`preload`] runs a function once, before workers are
//! forked, so that they share what it loads; [`on_worker_start`] runs one in each worker before its
//! first task; a [`WorkerLocal`] is a value that each worker makes for itself and keeps:
//!
//! ```
//! use concur::{WorkerLocal, concurrent};
//!
//! static SEEN: WorkerLocal<Vec<u32>> = WorkerLocal::new(Vec::new);
//!
//! let counts: Vec<usize> = concurrent! {
//!     for n in 1..=3_u32 => SEEN.with(|seen| { seen.push(n); seen.len() })
//! }
//! .limit(1)
//! .run()?;
//! assert_eq!(counts, [1, 2, 3]);
//! # Ok::<(), concur::Error>(())
//! ```
//!
//! # Features
//!
//! - `bincode` (default): the codec between caller and worker.
//! - `postcard`: another codec in its place; with `default-features = false` there is no bincode in
//!   the dependency tree.
//! - `json` (default): [`Json`], for values that describe themselves.
//! - `tokio`: `.await` inside a task.
//! - `testing`: `testing::fake`, for tests of code that uses concur.
//! - `config-file`: settings from a file, by `Config::from_file` and by `CONCUR_CONFIG`.
//!
//! # More
//!
//! README.md has the tables of drivers and settings, what is not there in a worker, how to test,
//! and the limits. ARCHITECTURE.md follows a task through the code. Who knows Laravel's `Concurrency`
//! facade finds its counterparts in [`guide::laravel`].

#![forbid(unsafe_code)]

pub use concur_macros::{concurrent_function as task, main, on_worker_start, preload};
pub use concur_runtime::{
    Config, Deferred, Driver, DriverConfig, Engine, Error, ErrorKind, Failure, Iter, Job, Many,
    Outcome, PanicInfo, Pending, Running, Stream, Task, TaskError, TaskInfo, TaskTuple, Tasks,
    WhenFull, WorkerLocal, flush, init, join, join_all, register_engine, shutdown, tasks,
};

#[doc(inline)]
pub use concur_runtime::inside as task;

#[cfg(feature = "json")]
pub use concur_runtime::Json;

#[cfg(feature = "testing")]
pub use concur_runtime::testing;

/// Describes independent tasks; `run` or `.await` on what it makes runs them in other processes.
///
/// Each task is `name => expression`. The results are a tuple in the order written. `?` works inside,
/// and with the feature `tokio` so does `.await`. What an expression uses of its surroundings is
/// captured by itself: owned values, references, slices, strings, fields (only the field that is
/// used, also of `self`), function items, names in format strings. It is sent as data: the task sees
/// a copy. A list in brackets says what is captured where a macro's tokens cannot be read:
/// `name => [a, self.b] expression`.
///
/// With `for` there is one task for each item of an iterator, and the results are a `Vec`:
/// `for pattern in iterator => expression`.
///
/// # Examples
///
/// ```
/// use concur::concurrent;
///
/// struct Shop {
///     name: String,
///     prices: Vec<u32>,
/// }
///
/// impl Shop {
///     fn summary(&self) -> Result<(usize, u32), concur::Error> {
///         concurrent! {
///             letters => self.name.len(),            // sends the name, not the prices
///             total => self.prices.iter().sum(),
///         }
///         .run()
///     }
/// }
///
/// let shop = Shop { name: "corner".to_owned(), prices: vec![3, 4] };
/// assert_eq!(shop.summary()?, (6, 7));
/// # Ok::<(), concur::Error>(())
/// ```
///
/// # Errors
///
/// At compile time: what cannot be sent, at the variable; `return`, `break` or `continue` that would
/// leave a task; a task that names another one; more than 64 tasks in a block.
#[macro_export]
macro_rules! concurrent {
    ($($block:tt)*) => {
        $crate::__private::concurrent! { ($crate) $($block)* }
    };
}

/// The attribute `#[concurrent]`, in a module of its own: two macros of one name cannot stand in one.
pub mod attr {
    pub use concur_macros::concurrent_function as concurrent;
}

#[cfg(any(doc, doctest))]
pub mod guide;

#[doc(hidden)]
pub mod __private {
    //! What generated code names. No part of the public interface.

    pub use concur_macros::concurrent_block as concurrent;
    pub use concur_runtime::__private::*;
}

/// The README's examples are doctests as well.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
