//! What generated code names. No part of the public interface: it changes without notice.

pub use core::option::Option;
pub use core::result::Result::{self, Err, Ok};
pub use std::boxed::Box;
pub use std::iter::IntoIterator;
pub use std::{column, compile_error, file, line, module_path, panic};

pub use crate::functions::{About, Annotated, list};
pub use crate::hooks::{Hook, HookReturn, HookSite, Stage, hook_returned, keep_hook, with_failure};
pub use crate::join::join as tasks;
pub use crate::single::Task;
pub use crate::task::Site;
pub use crate::task::arms::{Probe, levels as arms};
pub use crate::task::body::{Plain, body, many, task};
#[cfg(feature = "tokio")]
pub use crate::task::body::{body_async, many_async, task_async};
pub use crate::task::callable::another;
pub use crate::task::failure::Failure;
pub use crate::task::input::Input;
pub use crate::task::options::{WrittenOptions, many_with_options, of_function, with_options};
pub use crate::task::raising::{ErrorType, Fallible, Given, NoResult, errors};
pub use crate::task::result::Gives;

/// Whether a module is the root of its crate. A `main` elsewhere (rustdoc merges the doctests of a
/// crate into one program) is not where the program begins, and must not claim to be the door.
#[must_use]
pub const fn is_crate_root(module_path: &str) -> bool {
    let bytes = module_path.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b':' {
            return false;
        }
        at += 1;
    }
    true
}

/// The door in a `main`: `IN_ROOT` says whether it is the one where the program begins.
#[derive(Debug)]
pub struct Door<const IN_ROOT: bool>;

impl Door<true> {
    /// Lets workers in.
    #[inline]
    pub fn enter() {
        enter();
    }
}

impl Door<false> {
    /// Does nothing: workers come in by the constructor.
    #[inline]
    pub fn enter() {}
}

/// The end of `main`: what it deferred in this process is done first.
#[derive(Debug)]
pub struct End(());

impl End {
    /// Comes when this is dropped.
    #[must_use]
    pub fn of_main() -> Self {
        Self(())
    }
}

impl Drop for End {
    fn drop(&mut self) {
        crate::defer::flush_at_end();
    }
}

/// Lets workers in by `main`.
#[inline]
pub fn enter() {
    #[cfg(target_os = "linux")]
    crate::worker::door::enter_in_main();
}

/// Nothing, where async tasks can run.
#[cfg(feature = "tokio")]
#[doc(hidden)]
#[macro_export]
macro_rules! __concur_needs_tokio {
    () => {};
}

/// An error at the `.await`, where they cannot.
#[cfg(not(feature = "tokio"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __concur_needs_tokio {
    () => {
        ::core::compile_error!(
            "a task that awaits needs a runtime in its worker: enable the feature `tokio` of concur"
        );
    };
}

pub use crate::__concur_needs_tokio as needs_tokio;
