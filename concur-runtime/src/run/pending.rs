//! Drives a run inside the poll of a future, on any executor.
//!
//! A poll never blocks (driver Sync aside, which runs its tasks there). Between polls a reactor thread
//! of ours watches the sockets and the clock and calls the executor's waker. Dropping the future
//! drops the run, which cancels what is under way.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::ends::Jobs;
use super::{Run, Sink, Wait};
use crate::codec::CodecError;
use crate::error::{Error, ErrorKind, TaskError};
use crate::outputs::Gather;

/// A run that is awaited: the future of a block.
///
/// A run goes on while it is polled. One that is neither polled nor dropped keeps its workers, also
/// when their tasks have ended, and other runs may wait for them.
///
/// # Cancellation
///
/// Dropping it cancels the run: its running tasks are killed (at once, or after the time that they
/// have asked for, see [`on_cancel`](crate::inside::on_cancel)), the others never start.
#[must_use = "a future does nothing unless it is awaited"]
pub struct Pending<J, T> {
    state: State<J, T>,
    #[cfg(target_os = "linux")]
    watch: crate::reactor::Watch,
}

enum State<J, T> {
    /// Boxed once, so that polling moves nothing.
    Going(Box<Going<J, T>>),
    Refused(Error),
    Over,
}

struct Going<J, T> {
    run: Run,
    jobs: J,
    gather: Box<dyn Gather<T>>,
}

impl<J: Jobs, T> Pending<J, T> {
    pub(crate) fn new(run: Result<Run, Error>, jobs: J, gather: Box<dyn Gather<T>>) -> Self {
        let state = match run {
            Ok(run) => State::Going(Box::new(Going { run, jobs, gather })),
            Err(err) => State::Refused(err),
        };
        Self {
            state,
            #[cfg(target_os = "linux")]
            watch: crate::reactor::Watch::default(),
        }
    }
}

/// Nothing in it is pinned: its parts are boxed or movable.
impl<J, T> Unpin for Pending<J, T> {}

impl<J: Jobs, T> Future for Pending<J, T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let State::Going(going) = &mut this.state else {
            return match std::mem::replace(&mut this.state, State::Over) {
                State::Refused(err) => Poll::Ready(Err(err)),
                _ => panic!("a run was polled after it had ended"),
            };
        };
        let Going { run, jobs, gather } = &mut **going;
        loop {
            let mut sink = GatherSink(&mut **gather);
            if run.advance(jobs, &mut sink, &mut || ctx.waker().clone()) {
                break;
            }
            let mut wait = Wait::default();
            if run.park(&mut wait) {
                continue;
            }
            #[cfg(target_os = "linux")]
            this.watch.set(wait, ctx.waker());
            return Poll::Pending;
        }
        #[cfg(target_os = "linux")]
        this.watch.clear();
        let State::Going(going) = std::mem::replace(&mut this.state, State::Over) else {
            unreachable!("it was going a moment ago");
        };
        let Going { mut run, gather, .. } = *going;
        Poll::Ready(conclude(&mut run, gather))
    }
}

/// The result of a run that has ended.
pub(crate) fn conclude<T>(run: &mut Run, gather: Box<dyn Gather<T>>) -> Result<T, Error> {
    run.conclusion()?;
    gather.finish().ok_or_else(|| {
        Error::new(ErrorKind::Cancelled, "the run ended before all of its tasks had an outcome")
    })
}

/// A gather, as a run sees it.
pub(crate) struct GatherSink<'a, T>(pub(crate) &'a mut dyn Gather<T>);

impl<T> Sink for GatherSink<'_, T> {
    fn accept(&mut self, index: usize, result: &[u8]) -> Result<(), CodecError> {
        self.0.accept(index, result)
    }

    fn fail(&mut self, index: usize, err: TaskError) {
        self.0.fail(index, err);
    }
}
