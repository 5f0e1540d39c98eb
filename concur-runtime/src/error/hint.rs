//! Advice for panics that come from something which only `main` has set up.
//!
//! One table: what such a panic says, and what to do about it. Matched is the message of a panic in a
//! worker, and only wording that hardly means anything else: a hint that is wrong is worse than none.
//! So what `Option::unwrap` says is not here, though a `OnceLock` that nobody filled may say just that.

/// What a panic says, in lower case, and what to do about it.
const TABLE: &[(&str, &str)] = &[
    // tokio: `Handle::current`, `spawn`, sockets and timers outside of a runtime.
    ("there is no reactor running, must be called from the context of a tokio", RUNTIME),
    ("there is no timer running, must be called from the context of tokio", RUNTIME),
    ("there is no signal driver running, must be called from the context of tokio", RUNTIME),
    // actix.
    ("system is not running", RUNTIME),
    // A logger or subscriber that every task wants to install.
    ("after the logging system was already initialized", ONCE),
    ("should not be called after logger initialized", ONCE),
    ("a global default trace dispatcher has already been set", ONCE),
    // rustls, where `main` has chosen the provider.
    ("process-level cryptoprovider", MAIN),
    // `expect` on a cell, and libraries that want a call of `init` first.
    ("not initialized", MAIN),
    ("not initialised", MAIN),
    ("not yet initialized", MAIN),
    ("not yet initialised", MAIN),
    ("not been initialized", MAIN),
    ("not been initialised", MAIN),
    ("is uninitialized", MAIN),
    ("is uninitialised", MAIN),
    ("must be initialized", MAIN),
    ("must be initialised", MAIN),
    ("called before set", MAIN),
    ("called before init", MAIN),
    ("logger not set", MAIN),
    ("logger is not set", MAIN),
    // std and once_cell.
    ("instance has previously been poisoned", POISONED),
];

const MAIN: &str = "what `main` has set up is not there in a worker: set it up with \
                    `#[concur::preload]` or `#[concur::on_worker_start]`, or make it in the task";

const RUNTIME: &str = "the runtime that `main` has started is not there in a worker: write the task \
                       with `.await` (feature `tokio`), or start a runtime with \
                       `#[concur::on_worker_start]` or in the task";

const ONCE: &str = "a worker runs many tasks, and what is installed once for a process may be there \
                    already (with the feature `tracing` or `log`, that what tasks log comes to the \
                    caller): install it with `#[concur::on_worker_start]`, or leave it to the caller";

const POISONED: &str = "it panicked when an earlier task of this worker needed it first, and that \
                        task's failure says why: what it reads may be set up by `main`, which is not \
                        there in a worker; see `#[concur::preload]` and `#[concur::on_worker_start]`";

/// The advice for a panic with this message, if it is one that the table knows.
pub(super) fn for_panic(message: &str) -> Option<&'static str> {
    let message = message.to_lowercase();
    TABLE.iter().find(|(said, _)| message.contains(said)).map(|(_, advice)| *advice)
}

#[cfg(test)]
mod tests {
    use std::sync::{LazyLock, OnceLock};

    use super::*;

    /// What a panic in `work` says.
    fn panic_of<R>(work: impl FnOnce() -> R + std::panic::UnwindSafe) -> String {
        let Err(payload) = std::panic::catch_unwind(work) else { panic!("it should panic") };
        crate::task::panic::message(&*payload)
    }

    #[test]
    fn what_only_main_sets_gets_a_hint() {
        for message in [
            "config is not initialized",
            "POOL not initialized: call init() in main",
            "The global thread pool has not been initialized.",
            "GTK has not been initialized. Call `gtk::init` first.",
            "state: get() called before set() for `Config`",
            "Could not automatically determine the process-level CryptoProvider from Rustls crate \
             features.",
        ] {
            assert_eq!(for_panic(message), Some(MAIN), "{message}");
        }
    }

    #[test]
    fn a_cell_that_expects_to_be_initialized_gets_a_hint() {
        static CONFIG: OnceLock<u32> = OnceLock::new();
        let message = panic_of(|| *CONFIG.get().expect("the configuration is not initialized"));
        assert_eq!(for_panic(&message), Some(MAIN), "{message}");
    }

    #[test]
    fn a_lazy_static_that_panicked_before_gets_a_hint() {
        static BROKEN: LazyLock<u32> = LazyLock::new(|| panic!("no luck"));
        panic_of(|| *BROKEN);
        let message = panic_of(|| *BROKEN);
        assert_eq!(for_panic(&message), Some(POISONED), "{message}");
    }

    #[cfg(feature = "tokio")]
    #[test]
    fn what_wants_a_runtime_gets_a_hint() {
        let message = panic_of(tokio::runtime::Handle::current);
        assert_eq!(for_panic(&message), Some(RUNTIME), "{message}");
    }

    #[test]
    fn other_panics_get_none() {
        for message in [
            "called `Option::unwrap()` on a `None` value",
            "called `Result::unwrap()` on an `Err` value: NotPresent",
            "index out of bounds: the len is 0 but the index is 0",
            "assertion `left == right` failed\n  left: 1\n right: 2",
            "the limit is not set",
            "DATABASE_URL is not set",
            "the user has not been set up",
            "attempted to leave type `&u32` uninitialized, which is invalid",
            "the service is already initialized",
            "",
        ] {
            assert_eq!(for_panic(message), None, "{message}");
        }
    }
}
