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
        static RUNTIME: RefCell<Option<Kept>> = const { RefCell::new(None) };
    }

    /// A runtime that does not wait for what still runs on it when it is dropped: a task that has
    /// panicked must not be held back by what it left to `spawn_blocking`.
    struct Kept(Option<Runtime>);

    impl Drop for Kept {
        fn drop(&mut self) {
            if let Some(runtime) = self.0.take() {
                runtime.shutdown_background();
            }
        }
    }

    /// Runs a future to its end on this thread's runtime.
    ///
    /// The runtime stays between tasks, so that connections it drives stay alive; a task that panics
    /// takes it along, since its state is not known to be sound.
    pub(in crate::task) fn block_on<F: Future + Unpin>(future: F) -> Result<F::Output, Failure> {
        #[cfg(target_os = "linux")]
        let future = match crate::task::beside_others::block_on(future) {
            Ok(ended) => return ended,
            Err(future) => future,
        };
        let kept = RUNTIME.with_borrow_mut(Option::take);
        let mut kept = kept.unwrap_or(Kept(None));
        let runtime = match kept.0.take() {
            Some(runtime) => runtime,
            None => Builder::new_current_thread().enable_all().build().map_err(|err| {
                Failure::from(format!("the runtime for async tasks cannot start: {err}"))
            })?,
        };
        let output = kept.0.insert(runtime).block_on(future);
        RUNTIME.with_borrow_mut(|place| *place = Some(kept));
        Ok(output)
    }
}

/// Never reached: without a runtime, every `.await` is an error where it is written. It is there
/// so that this error is the only one.
#[cfg(not(feature = "tokio"))]
pub(super) fn block_on<F: Future + Unpin>(
    _future: F,
) -> Result<F::Output, super::failure::Failure> {
    Err("a task that awaits needs the feature `tokio`".into())
}
