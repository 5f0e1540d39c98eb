//! What was dropped and has not ended: tasks that were told to stop and have time to do so.
//!
//! Nobody drives a run that was dropped, and dropping never waits. So the reactor, which watches
//! sockets and the clock for all futures, looks after what is left as well: one thread for everything,
//! started when it is needed.

use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};

use crate::locks::lock;
use crate::reactor::Watch;
use crate::run::Wait;
use crate::shutdown::{self, Pass};

/// Something that ends by itself, or is ended when its time is over. Dropping it ends it at once.
pub(crate) trait Leftover: Send + 'static {
    /// Looks what has become of it: what to wait for, or `None` when nothing is left to wait for.
    /// Never waits.
    fn look(&mut self) -> Option<Wait>;
}

/// Looks after it until nothing is left to wait for. Where there is no reactor (no thread can be
/// started, no descriptor is free), it ends at once.
pub(crate) fn see_to(leftover: impl Leftover) {
    let leftover: Option<Box<dyn Leftover>> = Some(Box::new(leftover));
    let state = State { leftover, watch: Watch::default(), _pass: Pass::of_leftover() };
    Arc::new(Watched(Mutex::new(state))).look();
}

/// A leftover, as the reactor's interests know it.
struct Watched(Mutex<State>);

struct State {
    /// `None` when it is over.
    leftover: Option<Box<dyn Leftover>>,
    watch: Watch,
    _pass: Pass,
}

impl Watched {
    fn look(self: Arc<Self>) {
        let mut state = lock(&self.0);
        let mut wait = state.leftover.as_mut().and_then(|leftover| leftover.look());
        if shutdown::is_cancelling() {
            wait = None;
        }
        if let Some(wait) = &mut wait {
            wait.heeds_shutdown = true;
        }
        let waker = Waker::from(Arc::clone(&self));
        let is_watched = wait.is_some_and(|wait| state.watch.try_set(wait, &waker));
        let over = if is_watched { None } else { state.leftover.take() };
        drop(state);
        drop(over);
    }
}

impl Wake for Watched {
    fn wake(self: Arc<Self>) {
        self.look();
    }
}
