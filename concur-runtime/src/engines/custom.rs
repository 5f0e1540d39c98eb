//! The bridge to engines of a user's own: their future, polled as an attempt.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::context::Moment;
use crate::engine::{Engine, Job, Running};
use crate::inside::Told;
use crate::outcome::Outcome;
use crate::run::{Attempt, Launch, Launcher, Stopped, Wait};
use crate::task::panic;

pub(super) struct CustomLauncher(pub(super) Arc<dyn Engine>);

impl Launcher for CustomLauncher {
    fn launch(&self, mut job: Job, _overfill: bool, _waker: &mut dyn FnMut() -> Waker) -> Launch {
        let told = Arc::new(Told::default());
        job.told = Some(Arc::clone(&told));
        job.asked = Some(Arc::default());
        match catch_unwind(AssertUnwindSafe(|| self.0.start(job))) {
            Ok(running) => Launch::Started(Box::new(CustomAttempt {
                running: Some(running),
                started: Moment::now(),
                polled: false,
                told,
            })),
            Err(payload) => Launch::Ended(lost_by_panic(payload)),
        }
    }
}

struct CustomAttempt {
    running: Option<Running>,
    started: Moment,
    polled: bool,
    /// For a job that runs in this process.
    told: Arc<Told>,
}

impl Attempt for CustomAttempt {
    fn poll(&mut self, waker: &mut dyn FnMut() -> Waker) -> Option<Outcome> {
        self.polled = true;
        let waker = waker();
        let running = self.running.as_mut()?;
        let polled = catch_unwind(AssertUnwindSafe(|| {
            running.as_mut().poll(&mut Context::from_waker(&waker))
        }));
        let outcome = match polled {
            Ok(Poll::Pending) => return None,
            Ok(Poll::Ready(outcome)) => outcome,
            Err(payload) => lost_by_panic(payload),
        };
        self.running = None;
        Some(outcome)
    }

    fn park(&mut self, _wait: &mut Wait) -> bool {
        // The waker was given to the future when it was polled last; one that never was has none.
        !self.polled
    }

    fn started(&self) -> Option<Moment> {
        Some(self.started)
    }

    fn stop(&mut self) -> Stopped {
        // Told first: an engine may wait for its job when its future is dropped.
        self.told.tell();
        self.running = None;
        Stopped::Gone
    }
}

impl Drop for CustomAttempt {
    fn drop(&mut self) {
        self.told.tell();
    }
}

fn lost_by_panic(payload: Box<dyn std::any::Any + Send>) -> Outcome {
    let message = panic::message(&*payload);
    panic::discard(payload);
    Outcome::lost(format!("its engine panicked: {message}"))
}
