//! The macros of concur, as thin doors: tokens in, tokens out.
//!
//! A block is parsed (`block`), its tasks are examined for what they capture (`captures`), and
//! what comes out is a handful of calls into the runtime. Nothing here knows how a task is run: the
//! bodies of the calls are written, readable, in `concur-runtime`. Use the crate `concur`, which
//! exports these macros under their public names; the ones here are no interface of their own.
#![forbid(unsafe_code)]

mod attribute;
mod block;
mod captures;
mod errors;
mod hook_attribute;
mod krate;
mod main_attribute;
mod options;

use hook_attribute::Stage;
use proc_macro::TokenStream;

/// What `concur::concurrent!` expands to; expects the path of the crate in parentheses first.
#[proc_macro]
pub fn concurrent_block(input: TokenStream) -> TokenStream {
    block::expand(input.into()).into()
}

/// What `#[concur::attr::concurrent]` and `#[concur::task]` are; documented where they are exported.
#[proc_macro_attribute]
pub fn concurrent_function(options: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(options.into(), &item.into()).into()
}

/// Marks the `main` function of a program that runs tasks in other processes.
///
/// ```ignore
/// #[concur::main]
/// fn main() {
///     println!("in the caller only, never in a worker");
/// }
/// ```
///
/// Below another main attribute, which expands first:
///
/// ```ignore
/// #[tokio::main]
/// #[concur::main]
/// async fn main() {}
/// ```
///
/// `#[concur::main(crate = other_name)]` tells a name of the crate that Cargo.toml does not tell.
///
/// # Errors
///
/// At compile time, when it is not on a `main` function without arguments, or above the attribute
/// of an async runtime instead of below it.
#[proc_macro_attribute]
pub fn main(options: TokenStream, item: TokenStream) -> TokenStream {
    main_attribute::expand(&options.into(), &item.into()).into()
}

/// Runs a function once, before the first worker is started, in the process that workers are forked
/// from: what it loads is there in every worker, shared copy-on-write.
///
/// For what is large and only read: an index, a model, a parsed configuration. The function has no
/// arguments and returns nothing or `Result<(), E>`, where `E` is any error that is
/// `Into<Box<dyn Error + Send + Sync>>`. It stays a function like any other beside that; the program
/// itself does not call it. Any crate of the program may have such hooks, several of each kind; within
/// a crate and between crates their order is unspecified.
///
/// ```
/// use std::sync::OnceLock;
/// use concur::concurrent;
///
/// static PRIMES: OnceLock<Vec<u64>> = OnceLock::new();
///
/// #[concur::preload]
/// fn load() {
///     let is_prime = |n: &u64| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0);
///     PRIMES.get_or_init(|| (2..1_000).filter(is_prime).collect());
/// }
///
/// fn main() -> Result<(), concur::Error> {
///     let (hundredth,) = concurrent! {
///         hundredth => PRIMES.get().map(|primes| primes[99]),
///     }
///     .run()?;
///     // (Another driver than `process` would not have loaded it.)
///     assert_eq!(hundredth, Some(541));
///     Ok(())
/// }
/// ```
///
/// # Where it runs
///
/// Driver `Process` alone: in its fork server, when the first block is run, in the working directory
/// and with the environment that the program has then. Under `Fork`, `Thread` and `Sync` a task sees
/// the memory of the program itself, where nothing was preloaded: make what must be there on every
/// driver on first use (`LazyLock`), and have the hook use it.
///
/// A hook that leaves threads running takes away what forking needs: then each worker is executed anew
/// and runs the hooks of this kind itself, which a warning on stderr tells. A connection or a file
/// that is opened here is one and the same in all workers: open it in
/// [`on_worker_start`](macro@on_worker_start) or with a `WorkerLocal`. A block in a hook cannot use
/// driver `Process` or `Fork`.
///
/// # Errors
///
/// A hook that returns an error, panics, ends its process, or does not return within `start_limit`
/// (30 s) fails the tasks that needed it as `ErrorKind::Start`; the message names the hook and its
/// line. For a second (after a hang, for as long as it was waited for) later tasks get the same error
/// at once, then it is tried anew.
///
/// At compile time: anything but a function without arguments that is neither `async`, `unsafe`
/// nor generic; another return type. It may be one of an `impl`, if it does not say `Self`. `#[concur::preload(crate = name)]` tells a name of the crate that
/// Cargo.toml does not tell.
#[proc_macro_attribute]
pub fn preload(options: TokenStream, item: TokenStream) -> TokenStream {
    hook_attribute::expand(Stage::Preload, &options.into(), &item.into()).into()
}

/// Runs a function in each worker, after it was started and before its first task.
///
/// For what every worker needs of its own: logging, a name for its metrics, a connection that should
/// be there before the first task wants it. The function looks as for [`preload`](macro@preload), and
/// runs on the thread that runs the tasks.
///
/// ```
/// use std::cell::Cell;
/// use concur::concurrent;
///
/// thread_local! {
///     static GREETING: Cell<&'static str> = const { Cell::new("nobody was here") };
/// }
///
/// #[concur::on_worker_start]
/// fn greet() -> Result<(), std::env::VarError> {
///     let path = std::env::var("PATH")?;
///     GREETING.set(if path.is_empty() { "no path" } else { "hello" });
///     Ok(())
/// }
///
/// fn main() -> Result<(), concur::Error> {
///     let (greeting,) = concurrent! { greeting => GREETING.get().to_owned() }.run()?;
///     assert_eq!(greeting, "hello");
///     Ok(())
/// }
/// ```
///
/// # Where it runs
///
/// Under `Process` in each worker, those that replace others too; under `Fork` in the fork, before its
/// task. Under `Thread` and `Sync` tasks run in the program itself, which has its own start: it does
/// not run there. The time it takes is not counted by a task's timeout. A panic hook that it sets is
/// asked for panics of threads that tasks start; those of tasks are recorded and become errors, as
/// always.
///
/// # Errors
///
/// As for [`preload`](macro@preload), and each worker tries for itself.
#[proc_macro_attribute]
pub fn on_worker_start(options: TokenStream, item: TokenStream) -> TokenStream {
    hook_attribute::expand(Stage::WorkerStart, &options.into(), &item.into()).into()
}

/// Marks a function that is told of each deferred task that has failed, after its last attempt.
///
/// It takes the failure and returns nothing or a `Result`. Where a supervisor runs the deferred task
/// (drivers Process and Fork), the hook runs in a worker of the supervisor, for a minute at the most;
/// the program that deferred may have ended long ago, and nothing that its `main` set up is there. On
/// Thread and Sync it is called where the task has failed. A hook that fails, panics or hangs is a line
/// in the log of deferred work (on Thread and Sync: on stderr) and stops nothing.
///
/// ```ignore
/// #[concur::on_deferred_failure]
/// fn alarm(failure: &concur::TaskError) -> std::io::Result<()> {
///     std::fs::write("/tmp/alarm-of-my-app", failure.to_string())
/// }
/// ```
///
/// # Errors
///
/// At compile time, when it is not on a function with one argument, a `&concur::TaskError`.
#[proc_macro_attribute]
pub fn on_deferred_failure(options: TokenStream, item: TokenStream) -> TokenStream {
    hook_attribute::expand(Stage::DeferredFailure, &options.into(), &item.into()).into()
}
