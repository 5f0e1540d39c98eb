//! Who waits for a worker of a driver, over all runs of this process, and whose turn it is.
//!
//! A queue only keeps the order and calls: what there is room for, whoever owns the queue decides. Who
//! is called has to come for its worker, which is kept for it for a moment.
//!
//! Some wait for a lane only, a place beside others on a worker. Lanes are given out in the same order:
//! while somebody waits for a whole worker, those behind take no lane that comes free, or a worker that is
//! shared would never come free as a whole.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Waker;
use std::time::Duration;

use crate::context::Moment;
use crate::locks::lock;

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
    /// In the order in which they came, which is that of their numbers.
    waiting: VecDeque<(u64, Wants, Waker)>,
    next_place: u64,
    /// Those that were woken for a worker that came free, and until when it is kept for them: or a
    /// run with many tasks, which asks again at once, would never let another one in.
    called: Vec<(u64, Wants, Moment)>,
}

/// What somebody waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wants {
    Worker,
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "of driver Process"))]
    Lane,
}

/// What is kept for those who were called.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Kept {
    pub(super) workers: usize,
    pub(super) lanes: usize,
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

    /// A place in the queue, for a worker.
    pub(super) fn wait(self: &Arc<Self>, place: Option<Place>, waker: Waker) -> Place {
        self.wait_for(Wants::Worker, place, waker)
    }

    /// A place in the queue. Who was called and came too late is first again, and calls nobody: there
    /// is no room for others either.
    pub(super) fn wait_for(
        self: &Arc<Self>,
        wants: Wants,
        place: Option<Place>,
        waker: Waker,
    ) -> Place {
        let now = Moment::now();
        let mut state = self.lock();
        state.called.retain(|(id, ..)| place.as_ref().is_none_or(|place| place.id != *id));
        let mut place = place.unwrap_or_else(|| {
            let id = state.next_place;
            state.next_place += 1;
            Place { queue: Arc::clone(self), id, since: now, look_again: now }
        });
        let position = state.position(place.id);
        match position {
            Ok(at) => state.waiting[at].2 = waker,
            Err(at) => state.waiting.insert(at, (place.id, wants, waker)),
        }
        let before = position.unwrap_or_else(|at| at);
        place.look_again = now.after(state.patience(before));
        place
    }

    /// Who has waited longest; to be woken when no lock is held any more.
    pub(super) fn next(&self) -> Option<Waker> {
        self.lock().call()
    }

    /// Those for whom there are lanes, if so many are free, as long as nobody before them wants more; to be
    /// woken when no lock is held any more.
    #[cfg(target_os = "linux")]
    pub(super) fn next_for_lanes(&self, free: usize) -> Vec<Waker> {
        let mut wakers = Vec::new();
        if free == 0 {
            return wakers;
        }
        let mut state = self.lock();
        let mut kept = state.kept(None).lanes;
        let wants_lane = |state: &State| {
            state.waiting.front().is_some_and(|(_, wants, _)| *wants == Wants::Lane)
        };
        while kept < free && wants_lane(&state) {
            wakers.extend(state.call());
            kept += 1;
        }
        wakers
    }

    /// What is kept for others than this one.
    pub(super) fn kept(&self, place: Option<&Place>) -> Kept {
        self.lock().kept(place)
    }

    /// Whether somebody has waited longer, and for a whole worker.
    #[cfg(target_os = "linux")]
    pub(super) fn is_behind_a_worker(&self, place: Option<&Place>) -> bool {
        let state = self.lock();
        let is_it = |id: u64| place.is_some_and(|place| place.id == id);
        if state.called.iter().any(|(id, ..)| is_it(*id)) {
            return false;
        }
        let mut before = state.waiting.iter().take_while(|(id, ..)| !is_it(*id));
        before.any(|(_, wants, _)| *wants == Wants::Worker)
    }

    /// How many workers are kept for others than this one.
    pub(super) fn kept_for_others(&self, place: Option<&Place>) -> usize {
        self.kept(place).workers
    }

    /// Whether nobody has waited longer.
    pub(super) fn is_first(&self, place: &Place) -> bool {
        self.lock().waiting.front().is_some_and(|(id, ..)| *id == place.id)
    }

    /// What the place was for was had, so nobody is called in its stead.
    pub(super) fn served(&self, place: Place) {
        let mut state = self.lock();
        state.remove(place.id);
        drop(state);
        place.forget();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl State {
    /// Where the one with this number waits, or would.
    fn position(&self, id: u64) -> Result<usize, usize> {
        self.waiting.binary_search_by_key(&id, |(id, ..)| *id)
    }

    /// When somebody looks again who has so many before him: as many as were called come next, if those
    /// do not come.
    fn patience(&self, before: usize) -> Duration {
        if before < self.called.len() { KEPT_FOR_CALLED } else { LOOK_AGAIN }
    }

    fn call(&mut self) -> Option<Waker> {
        let (id, wants, waker) = self.waiting.pop_front()?;
        self.called.push((id, wants, Moment::now().after(KEPT_FOR_CALLED)));
        Some(waker)
    }

    fn kept(&mut self, place: Option<&Place>) -> Kept {
        let mut kept = Kept::default();
        if self.called.is_empty() {
            return kept;
        }
        let now = Moment::now();
        self.called.retain(|(.., until)| *until > now);
        for (id, wants, _) in &self.called {
            match wants {
                _ if place.is_some_and(|place| place.id == *id) => {}
                Wants::Worker => kept.workers += 1,
                Wants::Lane => kept.lanes += 1,
            }
        }
        kept
    }

    /// `true` if it waited and had not been called.
    fn remove(&mut self, place: u64) -> bool {
        self.called.retain(|(id, ..)| *id != place);
        let found = self.position(place);
        found.is_ok_and(|at| self.waiting.remove(at).is_some())
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Counted(AtomicUsize);

    impl Wake for Counted {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    impl Counted {
        fn waker(self: &Arc<Self>) -> Waker {
            Waker::from(Arc::clone(self))
        }

        fn times(&self) -> usize {
            self.0.load(Ordering::SeqCst)
        }
    }

    #[test]
    fn who_was_called_and_came_too_late_is_first_again() {
        let queue = Queue::new();
        let [first, second] = [(); 2].map(|()| Arc::<Counted>::default());
        let place = queue.wait(None, first.waker());
        let other = queue.wait(None, second.waker());
        queue.next().expect("two wait").wake();
        assert_eq!((first.times(), queue.len()), (1, 1));

        let place = queue.wait(Some(place), first.waker());
        assert!(queue.is_first(&place) && !queue.is_first(&other));
        queue.next().expect("two wait").wake();
        assert_eq!((first.times(), second.times()), (2, 0));
    }

    #[test]
    fn who_leaves_after_being_called_gives_way() {
        let queue = Queue::new();
        let [first, second] = [(); 2].map(|()| Arc::<Counted>::default());
        let place = queue.wait(None, first.waker());
        let other = queue.wait(None, second.waker());
        queue.next().expect("two wait").wake();
        drop(place);
        assert_eq!((second.times(), queue.kept_for_others(Some(&other))), (1, 0));
        queue.served(other);
        assert_eq!((queue.len(), queue.kept_for_others(None)), (0, 0));
    }

    #[test]
    fn each_of_many_is_found_whoever_left_before() {
        let queue = Queue::new();
        let counted = Arc::<Counted>::default();
        let mut places: Vec<Place> = (0..100).map(|_| queue.wait(None, counted.waker())).collect();
        for at in (0..50).rev() {
            drop(places.remove(2 * at));
        }
        assert_eq!((queue.len(), counted.times()), (50, 0));
        for place in places {
            assert!(queue.is_first(&place));
            let place = queue.wait(Some(place), counted.waker());
            queue.next().expect("it waits").wake();
            queue.served(place);
        }
        assert_eq!((queue.len(), counted.times()), (0, 50));
    }

    #[test]
    fn as_many_as_were_called_look_again_soon() {
        let queue = Queue::new();
        let counted = Arc::<Counted>::default();
        let places: Vec<Place> = (0..3).map(|_| queue.wait(None, counted.waker())).collect();
        queue.next().expect("three wait").wake();
        let patience = [0, 1].map(|before| queue.lock().patience(before));
        assert_eq!(patience, [KEPT_FOR_CALLED, LOOK_AGAIN]);
        drop(places);
    }
}
