//! Async tasks that share a worker: each has a thread that polls its future and nothing else, and one
//! runtime has the timers and sockets of all, on a thread that runs no task.
//!
//! A thread for each, and not one for all: a task that blocks holds up itself alone, blocks inside tasks can
//! be run as anywhere, and whose task does not yield is never in doubt. Of those that wait on a runtime of
//! one thread, tokio lets the first drive it until that ends, so the thread that comes first waits for
//! ever. It polls what tasks have spawned as well, which is part of no task.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock, mpsc};
use std::task::{self, Poll};
use std::thread;

use tokio::runtime::{Builder, Runtime};

use super::failure::Failure;
use crate::context::Context;
use crate::inside::Told;

thread_local! {
    /// Where the task of this thread hears that its future is to be dropped, if it runs beside others.
    static DROP: RefCell<Option<Arc<Told>>> = const { RefCell::new(None) };
    /// Whether that was done.
    static WAS_DROPPED: Cell<bool> = const { Cell::new(false) };
}

/// Starts the thread that drives the runtime, and waits until it does. Where there can be no runtime, each
/// task is told why.
pub(crate) fn start_runtime() -> io::Result<()> {
    let (begins, begun) = mpsc::channel();
    thread::Builder::new().spawn(move || {
        let Ok(runtime) = shared() else { return };
        runtime.block_on(async move {
            let _ = begins.send(());
            std::future::pending::<()>().await;
        });
    })?;
    // An error is the end of that thread.
    let _ = begun.recv();
    Ok(())
}

/// Runs the entry point of a task that shares its worker, and tells whether its future was dropped.
pub(crate) fn run<R>(drop: Arc<Told>, work: impl FnOnce() -> R) -> (R, bool) {
    DROP.set(Some(drop));
    WAS_DROPPED.set(false);
    let result = work();
    DROP.set(None);
    (result, WAS_DROPPED.get())
}

/// Runs a future to its end, or to its being dropped, on the runtime that this worker's tasks share.
/// Gives it back where they do not.
pub(super) fn block_on<F: Future + Unpin>(future: F) -> Result<Result<F::Output, Failure>, F> {
    let Some(order) = DROP.with_borrow(Clone::clone) else { return Err(future) };
    let runtime = match shared() {
        Ok(runtime) => runtime,
        Err(reason) => return Ok(Err(Failure::from(reason))),
    };
    let polled = OneOfMany { future: Some(future), context: Context::current(), order };
    let output = Context::outside(|| runtime.block_on(polled));
    Ok(output.ok_or_else(|| {
        WAS_DROPPED.set(true);
        Failure::from("it was told to stop")
    }))
}

fn shared() -> Result<&'static Runtime, String> {
    static SHARED: OnceLock<Result<Runtime, String>> = OnceLock::new();
    let made = SHARED.get_or_init(|| {
        let made = Builder::new_current_thread().enable_all().build();
        made.map_err(|err| format!("the runtime for async tasks cannot start: {err}"))
    });
    made.as_ref().map_err(Clone::clone)
}

/// The future of one task, which is part of it while it is polled. Gives nothing when it was dropped.
struct OneOfMany<F> {
    future: Option<F>,
    context: Context,
    order: Arc<Told>,
}

impl<F: Future + Unpin> Future for OneOfMany<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Self::Output> {
        // Before the look: who tells after it finds the waker.
        self.order.wake_later(0, cx.waker().clone());
        let context = self.context.clone();
        if self.order.is() {
            let future = self.future.take();
            context.enter(|| drop(future));
            return Poll::Ready(None);
        }
        let Some(future) = &mut self.future else { return Poll::Ready(None) };
        context.enter(|| Pin::new(future).poll(cx)).map(Some)
    }
}
