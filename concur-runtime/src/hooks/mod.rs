//! Hooks: what a user wants done in the fork server before workers are forked (`preload`), in each
//! worker before its first task (`on_worker_start`), and when a deferred task has failed
//! (`on_deferred_failure`, which `defer::hooks` has called).
//!
//! A macro leaves a type that is a [`Hook`] beside each function; the registry finds them again,
//! the same ones at the same places in every process that runs this build. So a place is enough to
//! name a hook to another process. `worker::hooks` runs them; [`failure`] tells what became of one
//! that did not return well. Nothing here knows a driver.

pub(crate) mod failure;

use std::cell::RefCell;
use std::error::Error;
use std::fmt;
#[cfg(target_os = "linux")]
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::TaskError;
use crate::task::failure::Failure;
#[cfg(target_os = "linux")]
use crate::task::panic;

/// When a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Once, in the fork server.
    Preload,
    /// In each worker, before its first task.
    WorkerStart,
    /// When a deferred task has failed.
    DeferredFailure,
}

/// Where a hook stands in the source, its name, and when it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HookSite {
    pub(crate) stage: Stage,
    pub(crate) name: &'static str,
    pub(crate) file: &'static str,
    pub(crate) line: u32,
}

impl HookSite {
    /// The site of no hook.
    pub(crate) const NONE: Self = Self::new(Stage::Preload, "", "", 0);

    /// Made by the macros.
    #[must_use]
    pub const fn new(stage: Stage, name: &'static str, file: &'static str, line: u32) -> Self {
        Self { stage, name, file, line }
    }
}

impl fmt::Display for HookSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match self.stage {
            Stage::Preload => "preload",
            Stage::WorkerStart => "on_worker_start",
            Stage::DeferredFailure => "on_deferred_failure",
        };
        write!(f, "{stage} hook `{}` ({}:{})", self.name, self.file, self.line)
    }
}

/// A type that stands for one hook of the binary; made by the macros.
pub trait Hook {
    /// Where it stands.
    const SITE: HookSite;

    /// Calls it.
    ///
    /// # Errors
    ///
    /// What the hook returned.
    fn call() -> Result<(), Failure>;
}

/// What a hook may return.
#[diagnostic::on_unimplemented(
    message = "a hook cannot return `{Self}`",
    label = "a hook returns nothing, or `Result<(), E>`",
    note = "`E` is any error that is `Into<Box<dyn Error + Send + Sync>>`: an error type of your own, `std::io::Error`, `String`, `anyhow::Error`",
    note = "`Box<dyn Error>` is none: write `Box<dyn Error + Send + Sync>`",
    note = "what a hook makes is put where tasks find it: a `static` of type `OnceLock`, for `preload`, or `concur::WorkerLocal`"
)]
pub trait HookReturn {
    /// What the hook said, of one type.
    ///
    /// # Errors
    ///
    /// The hook's own.
    fn into_result(self) -> Result<(), Failure>;
}

impl HookReturn for () {
    fn into_result(self) -> Result<(), Failure> {
        Ok(())
    }
}

// Or rustc would tell what `E` lacks for each of the ways that it could become that box.
#[diagnostic::do_not_recommend]
impl<E: Into<Box<dyn Error + Send + Sync>>> HookReturn for Result<(), E> {
    fn into_result(self) -> Result<(), Failure> {
        Ok(self?)
    }
}

/// Takes what a hook of the declared type `R` returned.
///
/// # Errors
///
/// The hook's own.
pub fn hook_returned<R: HookReturn>(returned: R) -> Result<(), Failure> {
    returned.into_result()
}

/// Calls a hook that is told of a failure.
///
/// # Panics
///
/// When no failure is being told of: macros alone call this.
pub fn with_failure<R>(hook: fn(&TaskError) -> R) -> R {
    FAILURE.with_borrow(|failure| hook(failure.as_ref().expect("it is set around such hooks")))
}

thread_local! {
    /// The failure that hooks are told of now.
    static FAILURE: RefCell<Option<TaskError>> = const { RefCell::new(None) };
}

/// Tells all hooks for failures of deferred tasks of this one. What a hook says that fails or panics is
/// given to `complain`; the others are called all the same.
#[cfg(target_os = "linux")]
pub(crate) fn tell_of_failure(failure: &TaskError, mut complain: impl FnMut(String)) {
    for (_, hook) in of(Stage::DeferredFailure) {
        let before = FAILURE.replace(Some(failure.clone()));
        let called = catch_unwind(AssertUnwindSafe(|| hook.call()));
        FAILURE.set(before);
        match called {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => {
                complain(format!("the {} failed: {}", hook.site(), failure.into_report().message));
            }
            Err(payload) => {
                let message = panic::message(&*payload);
                panic::discard(payload);
                complain(format!("the {} panicked: {message}", hook.site()));
            }
        }
    }
}

/// Puts a hook into the registry, by being instantiated.
pub fn keep_hook<H: Hook>() {
    #[cfg(target_os = "linux")]
    crate::sys::hook_registry::register::<H>();
}

#[cfg(target_os = "linux")]
mod registry {
    use super::{HookSite, Stage};
    use crate::sys::hook_registry::{Slot, slots};

    /// The hooks of one stage, each with its place, in the order of the registry.
    pub(crate) fn of(stage: Stage) -> impl Iterator<Item = (u32, &'static Slot)> {
        let hooks = (0_u32..).zip(slots()).filter(|(_, slot)| slot.site() != HookSite::NONE);
        hooks.filter(move |(_, slot)| slot.site().stage == stage)
    }

    /// Whether there is a hook of this stage.
    pub(crate) fn any(stage: Stage) -> bool {
        of(stage).next().is_some()
    }

    /// The hook at this place.
    pub(crate) fn site(place: u32) -> Option<HookSite> {
        let slot = slots().get(usize::try_from(place).ok()?)?;
        Some(slot.site()).filter(|site| *site != HookSite::NONE)
    }
}

#[cfg(target_os = "linux")]
pub(crate) use registry::{any, of, site};
