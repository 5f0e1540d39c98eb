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
//! A task may have options of its own:
//!
//! ```
//! use concur::concurrent;
//!
//! let (quick, sure) = concurrent! {
//!     #[task(timeout = "2s")]
//!     quick => 1 + 1,
//!     #[task(retries = 3, backoff = "100ms")]
//!     sure => "4".parse::<u32>()?,
//! }
//! .run()?;
//! assert_eq!((quick, sure), (2, 4));
//! # Ok::<(), concur::Error>(())
//! ```
//!
//! # Functions
//!
//! A function with the attribute [`#[concurrent]`](macro@attr::concurrent) has another one beside it
//! that makes tasks of it, to be run wherever they are needed; [`tasks`] lists such functions by name.
//!
//! ```
//! use concur::attr::concurrent;
//!
//! #[concurrent(timeout = "30s")]
//! fn letters(word: &str) -> usize {
//!     word.len()
//! }
//!
//! let (one, two) = concur::join((letters_task("one"), letters_task("three"))).run()?;
//! assert_eq!((one, two), (3, 5));
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
//! - `tracing`: spans for runs and tasks, and what tasks record in their workers, for the caller's
//!   subscriber.
//! - `log`: what tasks log in their workers, for the caller's logger.
//! - `progress`: `progress()` on [`Tasks`] and [`Many`], a bar on the terminal.
//! - `testing`: `testing::fake`, for tests of code that uses concur.
//! - `config-file`: settings from a file, by `Config::from_file` and by `CONCUR_CONFIG`.
//!
//! # More
//!
//! README.md has the tables of drivers and settings, what is not there in a worker, how to test,
//! and the limits. ARCHITECTURE.md follows a task through the code. Who knows Laravel's `Concurrency`
//! facade finds its counterparts in [`guide::laravel`].

#![forbid(unsafe_code)]

/// The attribute [`attr::concurrent`](macro@crate::attr::concurrent) by another name, for modules that
/// import the block.
///
/// ```
/// use concur::{concurrent, task};
///
/// #[task(retries = 2)]
/// fn square(number: u64) -> u64 {
///     number * number
/// }
///
/// let (sum, number) = (concurrent! { sum => square(2) + 1 }.run()?, square_task(3).run()?);
/// assert_eq!((sum, number), ((5,), 9));
/// # Ok::<(), concur::Error>(())
/// ```
#[doc(inline)]
pub use concur_macros::concurrent_function as task;
pub use concur_macros::{main, on_deferred_failure, on_worker_start, preload};
pub use concur_runtime::{
    Config, DeferLogLevel, Deferred, Driver, DriverConfig, Engine, Error, ErrorKind, Failure, Iter,
    Job, Many, Outcome, PanicInfo, Pending, Running, Stream, Task, TaskError, TaskInfo, TaskTuple,
    Tasks, WhenFull, WorkerLocal, flush, init, join, join_all, register_engine, shutdown, tasks,
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
/// `#[task(...)]` in front of a task, or of `for`, sets options of that task alone: those of
/// [`attr::concurrent`](macro@crate::attr::concurrent), but `fallible` and `crate`.
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

/// The attribute `#[concurrent]`.
///
/// It is in a module of its own, because two macros of one name cannot stand in one. A module that
/// imports the block uses it by its other name, `#[concur::task]`; or the root of the crate says
/// `#[macro_use] extern crate concur;`, and where [`attr::concurrent`](macro@crate::attr::concurrent)
/// is imported the block is there as well.
pub mod attr {
    /// Makes tasks of a function or a method: beside `name` stands `name_task`, which takes the same
    /// arguments and gives a [`Task`](crate::Task).
    ///
    /// The function stays what it was. `name_task` sends the arguments, as a block sends what it
    /// captures, and gives a `Task` of the function's result, which is run alone or with others
    /// ([`join`](crate::join), [`join_all`](crate::join_all)). Arguments may be values, `&T`, `&str`
    /// and `&[T]`; an `async fn` is awaited in the worker (feature `tokio`).
    ///
    /// ```
    /// use concur::{Task, attr::concurrent};
    ///
    /// /// Adds up what was sold.
    /// #[concurrent(timeout = "30s", retries = 2)]
    /// fn sales(region: &str, prices: &[u64]) -> Result<u64, String> {
    ///     if prices.is_empty() { Err(format!("no sales in {region}")) } else { Ok(prices.iter().sum()) }
    /// }
    ///
    /// let task: Task<u64> = sales_task("EU", &[3, 4]);
    /// assert_eq!(task.run()?, 7);
    /// let err = sales_task("US", &[]).retries(0).run().unwrap_err();
    /// assert_eq!(err.failures()[0].decode_error(), Some("no sales in US".to_owned()));
    /// # Ok::<(), concur::Error>(())
    /// ```
    ///
    /// # Failing
    ///
    /// A function whose return type is called `Result`, or something that ends so, fails the task with
    /// its `Err`, and the task's result is what is in its `Ok`. The error must be
    /// `Into<Box<dyn Error + Send + Sync>>`: its message and its sources are sent, and the very value
    /// where it is `Serialize` and `DeserializeOwned`
    /// ([`TaskError::decode_error`](crate::TaskError::decode_error)). For other names say `fallible`;
    /// `fallible = false` sends a `Result` back as the value that it is.
    ///
    /// # Options
    ///
    /// | option | |
    /// |---|---|
    /// | `name = "sales-report"` | the name in errors, for fakes and in [`tasks`](crate::tasks); else that of the function |
    /// | `timeout = "30s"` | how long each attempt may run (`ns`, `us`, `ms`, `s`, `m`, `h`) |
    /// | `deadline = "2m"` | how long the task may take with all of its attempts |
    /// | `retries = 2`, `backoff = "100ms"` | how many more attempts, and the first pause between them |
    /// | `driver = "fork"` | where it runs |
    /// | `isolated` | in a worker of its own |
    /// | `memory_limit = "512MiB"` | how much memory it may take (`B`, `KB`, `KiB`, `MB`, `MiB`, `GB`, `GiB`) |
    /// | `fallible`, `fallible = false` | whether it fails by what it returns |
    /// | `crate = path` | where concur is, if Cargo.toml does not say it |
    ///
    /// Methods of the `Task` come before them, and so do those of a run. The same options, but the last
    /// two, stand in `#[task(...)]` in front of a task of a block, where they come first.
    ///
    /// # Methods
    ///
    /// On a method, `self` is sent as well, so its type must be `Serialize` and `DeserializeOwned`. On
    /// an `impl` block the attribute takes those methods that carry it themselves. There, functions
    /// without `self` may be tasks, the methods of a trait are tasks of the type, and all of them have
    /// names in [`tasks`](crate::tasks).
    ///
    /// ```
    /// use concur::attr::concurrent;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Analyzer {
    ///     values: Vec<f64>,
    /// }
    ///
    /// #[concurrent]
    /// impl Analyzer {
    ///     #[concurrent(timeout = "10s")]
    ///     fn growth(&self) -> Option<f64> {
    ///         Some(self.values.last()? - self.values.first()?)
    ///     }
    /// }
    ///
    /// let analyzer = Analyzer { values: vec![1.0, 4.0] };
    /// assert_eq!(analyzer.growth_task().run()?, Some(3.0));
    /// # Ok::<(), concur::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// At compile time, at the token to change: arguments or results that cannot be sent, `&mut`, a
    /// result that borrows, `unsafe fn`, an option that is wrong. A function without `self` in an `impl`
    /// and a method of a trait need the attribute on their `impl` block, too; without it rustc says that
    /// the function is not found, or that it is no member of the trait.
    #[doc(inline)]
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
