//! State that belongs to one process: a fork of the process starts with none.
//!
//! A lock that another thread held at the moment of a fork stays locked for ever in the child, and a
//! pool that the child finds belongs to its parent. So whatever the runtime keeps in a static is
//! stamped with the pid, and a process that finds a foreign stamp makes its own.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// A value made once per process, and never freed.
pub(crate) struct ProcessLocal<T: 'static> {
    current: AtomicPtr<Stamped<T>>,
}

struct Stamped<T> {
    pid: u32,
    value: T,
}

impl<T: Send + Sync + 'static> ProcessLocal<T> {
    pub(crate) const fn new() -> Self {
        Self { current: AtomicPtr::new(ptr::null_mut()) }
    }

    /// This process' value; `make` may run more than once when threads race, one result is kept.
    pub(crate) fn get(&self, make: impl FnOnce() -> T) -> &'static T {
        let pid = std::process::id();
        let found = self.current.load(Ordering::Acquire);
        if let Some(value) = Self::stamped_with(found, pid) {
            return value;
        }
        let fresh = Box::into_raw(Box::new(Stamped { pid, value: make() }));
        match self.current.compare_exchange(found, fresh, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Self::stamped_with(fresh, pid).expect("it was stamped just now"),
            Err(winner) => {
                // SAFETY: `fresh` came from `Box::into_raw` above and was not published.
                drop(unsafe { Box::from_raw(fresh) });
                Self::stamped_with(winner, pid)
                    .expect("the thread that won stamped it with our pid")
            }
        }
    }

    /// This process' value, made by something that may fail; a failure is not remembered.
    pub(crate) fn try_get<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<&'static T, E> {
        match self.peek() {
            Some(value) => Ok(value),
            None => make().map(|value| self.get(|| value)),
        }
    }

    /// This process' value, if there is one already.
    pub(crate) fn peek(&self) -> Option<&'static T> {
        Self::stamped_with(self.current.load(Ordering::Acquire), std::process::id())
    }

    fn stamped_with(found: *mut Stamped<T>, pid: u32) -> Option<&'static T> {
        if found.is_null() {
            return None;
        }
        // SAFETY: a pointer that is not null came from `Box::into_raw` in `get`, was published with
        // release ordering, and is never freed once published; nobody takes `&mut` to it.
        let stamped: &'static Stamped<T> = unsafe { &*found };
        (stamped.pid == pid).then_some(&stamped.value)
    }
}
