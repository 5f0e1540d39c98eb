//! The runtime of async tasks: one tokio runtime for each thread that runs tasks, made on first use.

#[cfg(feature = "tokio")]
pub(super) use with_tokio::block_on;

#[cfg(feature = "tokio")]
mod with_tokio {
    use std::cell::RefCell;
    use std::future::Future;

    use tokio::runtime::{Builder, Runtime};

    use super::super::failure::Failure;

    thread_local! {
        static RUNTIME: RefCell<Option<Runtime>> = const { RefCell::new(None) };
    }

    /// Runs a future to its end on this thread's runtime.
    ///
    /// The runtime stays between tasks, so that connections it drives stay alive; a task that panics
    /// takes it along, since its state is not known to be sound.
    pub(in crate::task) fn block_on<F: Future>(future: F) -> Result<F::Output, Failure> {
        let kept = RUNTIME.with_borrow_mut(Option::take);
        let runtime = match kept {
            Some(runtime) => runtime,
            None => Builder::new_current_thread().enable_all().build().map_err(|err| {
                Failure::from(format!("the runtime for async tasks cannot start: {err}"))
            })?,
        };
        let output = runtime.block_on(future);
        RUNTIME.with_borrow_mut(|kept| *kept = Some(runtime));
        Ok(output)
    }
}

/// Never reached: without a runtime, every `.await` is an error where it is written. It is there
/// so that this error is the only one.
#[cfg(not(feature = "tokio"))]
pub(super) fn block_on<F: Future>(_future: F) -> Result<F::Output, super::failure::Failure> {
    Err("a task that awaits needs the feature `tokio`".into())
}
