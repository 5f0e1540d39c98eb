//! The runtime of `concur`: everything that happens when a program runs.
//!
//! Use the crate `concur` (package `concur-rs`), which re-exports what is public here and documents
//! it; this crate has no stable interface of its own.
//!
//! The modules follow a task from the macro to its outcome:
//!
//! 1. `task`: what a macro leaves in the binary, an entry point in a registry and encoded captures;
//! 2. `tasks`, `many`: what a user holds and sets options on;
//! 3. `config`, `driver`: where the options come from and which engine they choose;
//! 4. `run`: tasks under way, the one place that launches, waits, times out and cancels;
//! 5. `engines`: how one attempt is carried out (sync, thread, fork, process);
//! 6. `wire`, `channel`: what caller and worker say to each other, and over what;
//! 7. `worker`: the other side, a fork server and its workers, entered by a door before `main`
//!    (`hooks`, `worker_local`: what a user wants done and kept there);
//! 8. `inside`: what the code of a task can ask about it meanwhile;
//! 9. `outcome`, `error`: what became of a task, and how a person reads it.
//!
//! `testing` (a feature of its own) stands in for the engines in tests.
//!
//! All `unsafe` is in `sys`.

#![deny(unsafe_code)]

mod codec;
mod config;
mod context;
mod cuts;
mod defer;
mod driver;
mod duration;
mod engine;
mod engines;
mod error;
#[cfg(any(not(feature = "progress"), not(feature = "config-file")))]
mod features;
mod functions;
mod hooks;
pub mod inside;
mod join;
#[cfg(feature = "json")]
mod json;
mod locks;
mod many;
mod outcome;
mod outputs;
mod own_threads;
mod payload;
mod run;
#[cfg_attr(
    not(all(feature = "tracing", feature = "progress")),
    expect(dead_code, reason = "what is told is of use to one of these features or the other")
)]
mod seen;
mod shutdown;
mod single;
mod size;
mod task;
mod tasks;
#[cfg(feature = "testing")]
pub mod testing;
mod worker_local;

#[cfg(target_os = "linux")]
mod channel;
#[cfg(target_os = "linux")]
mod execute;
mod forward;
#[cfg(target_os = "linux")]
mod leftover;
#[cfg(target_os = "linux")]
mod memory_file;
#[cfg(target_os = "linux")]
mod memory_limit;
#[cfg(target_os = "linux")]
mod processes;
#[cfg(target_os = "linux")]
mod reactor;
#[cfg(target_os = "linux")]
mod wire;
#[cfg(target_os = "linux")]
mod worker;

#[expect(unsafe_code, reason = "the one place for it; every block carries its proof")]
mod sys;

pub use config::{Config, DeferLogLevel, DriverConfig, WhenFull};
pub use defer::{Deferred, flush};
pub use driver::Driver;
pub use engine::{Engine, Job, Running, register_engine};
pub use error::{Error, ErrorKind, PanicInfo, TaskError};
pub use functions::{TaskInfo, tasks};
pub use join::{TaskTuple, join, join_all};
#[cfg(feature = "json")]
pub use json::Json;
pub use many::{Iter, Many, Stream};
pub use outcome::Outcome;
pub use run::Pending;
pub use shutdown::shutdown;
pub use single::Task;
pub use task::failure::Failure;
pub use tasks::Tasks;
pub use worker_local::WorkerLocal;

#[doc(hidden)]
pub mod __private;

/// Lets workers in: called first in a `main` that does not use `#[concur::main]`.
///
/// Only needed where there is no constructor to do it (a C library other than glibc), or where
/// workers should come in the way std guarantees. In the program itself it returns at once; in a
/// worker it never returns, so what stands before it runs in every worker, which is started without
/// arguments. A program that does not get here before its first block is none of this: its workers come
/// in by the constructor.
///
/// # Examples
///
/// ```standalone_crate
/// // The first line of `main`:
/// concur::init();
/// println!("in the program only, never in a worker");
/// ```
#[inline]
pub fn init() {
    __private::enter();
}
