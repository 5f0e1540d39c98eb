//! Which fake holds: a stack for each thread, read when a block is built.
//!
//! Who enters a fake's scope holds an [`Entered`], which takes its own entry away again and no other, so
//! that the order in which they are dropped does not matter.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::state::State;

thread_local! {
    static STACK: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
    static NEXT_ID: Cell<u64> = const { Cell::new(0) };
}

struct Entry {
    id: u64,
    /// A fork of this process inherits the stack, but is not the test.
    pid: u32,
    state: Arc<State>,
}

/// The fake that holds in this thread.
pub(crate) fn current() -> Option<Arc<State>> {
    STACK
        .try_with(|stack| {
            let stack = stack.borrow();
            let innermost = stack.last().filter(|entry| entry.pid == std::process::id());
            innermost.map(|entry| Arc::clone(&entry.state))
        })
        .ok()
        .flatten()
}

/// Has a fake hold in this thread.
pub(crate) fn enter(state: &Arc<State>) -> Entered {
    let id = NEXT_ID.get();
    NEXT_ID.set(id + 1);
    let entry = Entry { id, pid: std::process::id(), state: Arc::clone(state) };
    STACK.with_borrow_mut(|stack| stack.push(entry));
    Entered { id, of_this_thread: PhantomData }
}

/// A fake holds until this is dropped. Not `Send`, since the stack is that of the thread.
#[derive(Debug)]
pub(crate) struct Entered {
    id: u64,
    of_this_thread: PhantomData<dyn StaysInItsThread + Sync>,
}

/// Only its name is of use: rustc says that it cannot be sent.
trait StaysInItsThread {}

impl Drop for Entered {
    fn drop(&mut self) {
        let taken = STACK.try_with(|stack| {
            let mut stack = stack.borrow_mut();
            let at = stack.iter().rposition(|entry| entry.id == self.id)?;
            Some(stack.remove(at))
        });
        // Only now that the stack is free: what a test gave to the fake is dropped with its last entry.
        drop(taken);
    }
}

/// A future in which a fake holds, wherever it is polled: what [`Fake::scope`](super::Fake::scope)
/// makes.
///
/// # Cancellation
///
/// Dropping it drops the future in it; the fake holds there as well.
#[must_use = "a future does nothing unless it is awaited"]
pub struct Scope<F> {
    state: Arc<State>,
    /// Empty only while it is dropped.
    future: Option<Pin<Box<F>>>,
}

impl<F> Scope<F> {
    pub(super) fn new(state: &Arc<State>, future: F) -> Self {
        Self { state: Arc::clone(state), future: Some(Box::pin(future)) }
    }
}

impl<F> fmt::Debug for Scope<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}

impl<F: Future> Future for Scope<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<F::Output> {
        let _entered = enter(&self.state);
        let future = self.future.as_mut().expect("only `drop` takes the future");
        future.as_mut().poll(ctx)
    }
}

impl<F> Drop for Scope<F> {
    fn drop(&mut self) {
        let _entered = enter(&self.state);
        self.future = None;
    }
}
