//! What generated code names. No part of the public interface: it changes without notice.

pub use core::option::Option;
pub use core::result::Result::{self, Err, Ok};
pub use std::boxed::Box;
pub use std::iter::IntoIterator;
pub use std::{column, compile_error, file, line, panic};

pub use crate::task::Site;
pub use crate::task::arms::{Probe, arms};
pub use crate::task::body::{Plain, TaskPart, body, many, task};
#[cfg(feature = "tokio")]
pub use crate::task::body::{body_async, many_async, task_async};
pub use crate::task::failure::Failure;
pub use crate::task::input::Input;
pub use crate::tasks::tasks;

/// The door in `main`, for `#[concur::main]` and `concur::init()`.
#[inline]
pub fn enter_main() {
    enter::<()>();
}

/// Generic, so that the mark it leaves is only in binaries that call it.
#[inline]
pub fn enter<Mark>() {
    #[cfg(target_os = "linux")]
    {
        crate::sys::door::mark_main::<Mark>();
        crate::worker::door::enter_in_main();
    }
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
