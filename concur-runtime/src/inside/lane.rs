//! A task that runs beside others in one worker: how it is told to stop, and how its future is.
//!
//! The caller says in the lane's slot that the task is to stop, and rings; the thread that hears it looks
//! at every lane. Nothing is killed here: the task is told, and when the time that it has asked for is
//! over its future is to be dropped, which whoever polls it does.

use std::fmt;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use super::Told;
use crate::channel::grace;
use crate::context::Moment;
use crate::locks::lock;
use crate::sys::memory::Header;

/// One lane of this worker.
pub(crate) struct Lane {
    header: &'static Header,
    present: Mutex<Option<Present>>,
}

/// The task that runs in it.
struct Present {
    turn: u32,
    words: Words,
    /// When its future is to be dropped, once it was told.
    drop_at: Option<Moment>,
}

/// What a task in a lane is told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words {
    /// To stop: what the task may ask for.
    pub(crate) stop: Arc<Told>,
    /// That its future is dropped now, for whoever polls it.
    pub(crate) drop: Arc<Told>,
}

impl Lane {
    pub(crate) fn new(header: &'static Header) -> Arc<Self> {
        Arc::new(Self { header, present: Mutex::new(None) })
    }

    /// A task begins; its request is taken already.
    pub(crate) fn begin(self: &Arc<Self>, turn: u32) -> (Words, Asks) {
        let words = Words::default();
        *self.lock() = Some(Present { turn, words: words.clone(), drop_at: None });
        // It may have been told before anybody could tell it here.
        self.look();
        (words, Asks { lane: Arc::clone(self), turn })
    }

    /// The task has ended; what is said from now on is not for it.
    pub(crate) fn end(&self) {
        let ended = self.lock().take();
        drop(ended);
    }

    /// Passes on what the caller has said, and what is due. Gives the moment to look again.
    pub(crate) fn look(&self) -> Option<Moment> {
        let mut place = self.lock();
        let present = place.as_mut()?;
        // Read under the lock: the word is taken back before the next request is taken.
        if self.header.caller.stopping.load(SeqCst) == 0 {
            return None;
        }
        let now = Moment::now();
        let drop_at = *present.drop_at.get_or_insert_with(|| {
            now.after(grace::unpack(self.header.worker.grace.load(SeqCst), present.turn))
        });
        let words = present.words.clone();
        // Whoever is woken may come back here.
        drop(place);
        if !words.stop.is() {
            words.stop.tell();
        }
        if drop_at > now {
            return Some(drop_at);
        }
        if !words.drop.is() {
            words.drop.tell();
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, Option<Present>> {
        lock(&self.present)
    }
}

/// Where the task of one request asks for time.
pub(crate) struct Asks {
    lane: Arc<Lane>,
    turn: u32,
}

impl fmt::Debug for Asks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asks").field("turn", &self.turn).finish_non_exhaustive()
    }
}

impl Asks {
    pub(super) fn ask_for(&self, time: Duration) {
        let place = self.lane.lock();
        let is_told = || self.lane.header.caller.stopping.load(SeqCst) == 1;
        if place.as_ref().is_none_or(|present| present.turn != self.turn) || is_told() {
            return;
        }
        let word = &self.lane.header.worker.grace;
        let before = word.swap(grace::pack(self.turn, time), SeqCst);
        if is_told() {
            // The caller may have looked before it was there, and would kill the worker too early.
            word.store(before, SeqCst);
        }
    }
}
