//! The deferrals under way, and which of them have something to do now.
//!
//! There may be thousands that wait for a worker. So in each round only those are looked at that are
//! new, that were called, whose time has come, or that listen to somebody.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};

use super::Deferral;
use crate::context::Moment;
use crate::locks::lock;
use crate::run::Wait;

/// All deferrals of a supervisor.
pub(super) struct Agenda {
    entries: BTreeMap<u64, Entry>,
    next_key: u64,
    /// Those that have something to do in this round, and have not been looked at.
    now: VecDeque<u64>,
    /// Those that were looked at in this round.
    seen: Vec<u64>,
    /// Those that wait for somebody who cannot call: they are looked at after each wait.
    listening: Vec<u64>,
    due: BTreeSet<(Moment, u64)>,
    calls: Arc<Calls>,
}

struct Entry {
    deferral: Deferral,
    call: Arc<Call>,
    /// Whether it stands among those that have something to do.
    is_listed: bool,
    due: Option<Moment>,
}

/// Who was called since the last round.
struct Calls {
    keys: Mutex<Vec<u64>>,
    /// Ends the supervisor's wait.
    bell: Waker,
}

/// Calls one deferral.
struct Call {
    key: u64,
    was_called: AtomicBool,
    calls: Arc<Calls>,
}

impl Wake for Call {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.was_called.swap(true, Ordering::SeqCst) {
            lock(&self.calls.keys).push(self.key);
            self.calls.bell.wake_by_ref();
        }
    }
}

impl Agenda {
    /// An empty one; `bell` ends the wait between two rounds.
    pub(super) fn new(bell: Waker) -> Self {
        Self {
            entries: BTreeMap::new(),
            next_key: 0,
            now: VecDeque::new(),
            seen: Vec::new(),
            listening: Vec::new(),
            due: BTreeSet::new(),
            calls: Arc::new(Calls { keys: Mutex::default(), bell }),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// One more, which is looked at in this round.
    pub(super) fn add(&mut self, deferral: Deferral) {
        let key = self.next_key;
        self.next_key += 1;
        let calls = Arc::clone(&self.calls);
        // New ones are looked at anyway.
        let call = Arc::new(Call { key, was_called: AtomicBool::new(true), calls });
        self.entries.insert(key, Entry { deferral, call, is_listed: false, due: None });
        self.list(key);
    }

    /// Begins a round, in which all are looked at or those that have something to do.
    pub(super) fn begin_round(&mut self, with_all: bool) {
        let called = std::mem::take(&mut *lock(&self.calls.keys));
        let listening = std::mem::take(&mut self.listening);
        let all = if with_all { self.entries.keys().copied().collect() } else { Vec::new() };
        for key in listening.into_iter().chain(called).chain(all) {
            self.list(key);
        }
        let now = Moment::now();
        while let Some((_, key)) = self.due.first().copied().filter(|(due, _)| *due <= now) {
            self.unschedule(key);
            self.list(key);
        }
    }

    /// The next one to look at in this round, and what calls it; by its key.
    pub(super) fn next(&mut self) -> Option<(u64, &mut Deferral, Waker)> {
        let key = self.now.pop_front()?;
        self.seen.push(key);
        let Entry { deferral, call, is_listed, .. } = self.entries.get_mut(&key)?;
        *is_listed = false;
        // Whoever calls from now on means the next round.
        call.was_called.store(false, Ordering::SeqCst);
        Some((key, deferral, Waker::from(Arc::clone(call))))
    }

    /// It has ended: the one that was looked at last.
    pub(super) fn remove(&mut self, key: u64) -> Option<Deferral> {
        self.unschedule(key);
        self.entries.remove(&key).map(|entry| entry.deferral)
    }

    /// Ends the round: adds what all wait for. `true` if something came in between: then begin the next
    /// one at once.
    pub(super) fn park(&mut self, wait: &mut Wait) -> bool {
        let mut is_due = false;
        for key in std::mem::take(&mut self.seen) {
            self.unschedule(key);
            let Some(entry) = self.entries.get_mut(&key) else { continue };
            let mut own = Wait::default();
            if entry.deferral.going.run.park(&mut own) {
                self.list(key);
                is_due = true;
                continue;
            }
            if own.is_for_sockets() {
                self.listening.push(key);
            }
            if let Some(due) = own.until {
                entry.due = Some(due);
                self.due.insert((due, key));
            }
            wait.add(own);
        }
        if let Some((due, _)) = self.due.first() {
            wait.until(*due);
        }
        is_due
    }

    /// Has it looked at in the round that goes on, or in the next one. Some have two reasons, and some
    /// have ended.
    fn list(&mut self, key: u64) {
        let Some(entry) = self.entries.get_mut(&key) else { return };
        if !std::mem::replace(&mut entry.is_listed, true) {
            self.now.push_back(key);
        }
    }

    fn unschedule(&mut self, key: u64) {
        let due = self.entries.get_mut(&key).and_then(|entry| entry.due.take());
        if let Some(due) = due {
            self.due.remove(&(due, key));
        }
    }
}
