//! Who waits for a worker of a driver, over all runs of this process, and whose turn it is.
//!
//! A queue only keeps the order and calls: what there is room for, whoever owns the queue decides. Who
//! is called has to come for its worker, which is kept for it for a moment.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use crate::context::Moment;

/// So long a worker is kept for who was called: a wake-up takes less, and a future that is not polled
/// must not keep it for ever.
const KEPT_FOR_CALLED: Duration = Duration::from_millis(5);

/// Who waits looks again after this time, for the case that whoever was called never came.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Those who wait, first come first served.
pub(super) struct Queue {
    state: Mutex<State>,
    /// Places that a fork of this process inherits are none of its business.
    owner: u32,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<(u64, Waker)>,
    next_place: u64,
    /// Those that were woken for a worker that came free, and until when it is kept for them: or a
    /// run with many tasks, which asks again at once, would never let another one in.
    called: Vec<(u64, Moment)>,
}

/// A place in a queue.
pub(super) struct Place {
    queue: Arc<Queue>,
    id: u64,
    since: Moment,
    /// When to look again, called or not.
    pub(super) look_again: Moment,
}

impl Queue {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), owner: std::process::id() })
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.lock().waiting.len()
    }

    /// A place in the queue. Who was called and came too late is first again, and calls nobody: there
    /// is no room for others either.
    pub(super) fn wait(self: &Arc<Self>, place: Option<Place>, waker: Waker) -> Place {
        let now = Moment::now();
        let mut state = self.lock();
        state.called.retain(|(id, _)| place.as_ref().is_none_or(|place| place.id != *id));
        let patience = if state.called.is_empty() { LOOK_AGAIN } else { KEPT_FOR_CALLED };
        let look_again = now.after(patience);
        let Some(mut place) = place else {
            let id = state.next_place;
            state.next_place += 1;
            state.waiting.push_back((id, waker));
            return Place { queue: Arc::clone(self), id, since: now, look_again };
        };
        place.look_again = look_again;
        match state.waiting.iter_mut().find(|(id, _)| *id == place.id) {
            Some((_, present)) => *present = waker,
            None => state.waiting.push_front((place.id, waker)),
        }
        place
    }

    /// Who has waited longest; to be woken when no lock is held any more.
    pub(super) fn next(&self) -> Option<Waker> {
        let mut state = self.lock();
        let (id, waker) = state.waiting.pop_front()?;
        state.called.push((id, Moment::now().after(KEPT_FOR_CALLED)));
        Some(waker)
    }

    /// How many workers are kept for others than this one.
    pub(super) fn kept_for_others(&self, place: Option<&Place>) -> usize {
        let mut state = self.lock();
        if state.called.is_empty() {
            return 0;
        }
        let now = Moment::now();
        state.called.retain(|(_, until)| *until > now);
        state.called.iter().filter(|(id, _)| place.is_none_or(|place| place.id != *id)).count()
    }

    /// Whether nobody has waited longer.
    pub(super) fn is_first(&self, place: &Place) -> bool {
        self.lock().waiting.front().is_some_and(|(id, _)| *id == place.id)
    }

    /// What the place was for was had, so nobody is called in its stead.
    pub(super) fn served(&self, place: Place) {
        let mut state = self.lock();
        state.remove(place.id);
        drop(state);
        place.forget();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// `true` if it waited and had not been called.
    fn remove(&mut self, place: u64) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|(id, _)| *id != place);
        self.called.retain(|(id, _)| *id != place);
        self.waiting.len() < before
    }
}

impl Place {
    /// Since when it has been there.
    pub(super) fn since(&self) -> Moment {
        self.since
    }

    /// Drops what it holds, but does not give way.
    fn forget(mut self) {
        self.id = u64::MAX;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.id == u64::MAX || self.queue.owner != std::process::id() {
            return;
        }
        // Not in the queue any more: it was called, and whoever held it may have gone away instead
        // of coming.
        let waiting = if self.queue.lock().remove(self.id) { None } else { self.queue.next() };
        waiting.into_iter().for_each(Waker::wake);
    }
}
