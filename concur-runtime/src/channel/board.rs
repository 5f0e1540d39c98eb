//! The places of a caller's slots: one memory file, mapped slot by slot, each used again when its
//! worker is gone for certain.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use crate::locks::lock;
use crate::memory_file;
use crate::processes::strays::BOARD;
use crate::sys::memory::{SLOT_SIZE, Slot};

/// All slots of one caller.
pub(crate) struct Board {
    file: OwnedFd,
    state: Mutex<State>,
}

struct State {
    /// Slots whose workers are gone, with their mappings.
    free: Vec<(u32, Slot)>,
    /// So many slots there are in the file.
    count: u32,
}

/// A slot in use; it goes back to its board when it is dropped.
pub(crate) struct Place {
    board: Arc<Board>,
    index: u32,
    slot: Option<Slot>,
}

impl Board {
    pub(crate) fn create() -> io::Result<Arc<Self>> {
        let file = memory_file::create(BOARD, 0)?;
        Ok(Arc::new(Self { file, state: Mutex::new(State { free: Vec::new(), count: 0 }) }))
    }

    pub(crate) fn file(&self) -> &OwnedFd {
        &self.file
    }

    /// A slot with its header as new.
    pub(crate) fn place(self: &Arc<Self>) -> io::Result<Place> {
        let mut state = lock(&self.state);
        let (index, mut slot) = if let Some(kept) = state.free.pop() {
            kept
        } else {
            let index = state.count;
            let size = (u64::from(index) + 1) * SLOT_SIZE as u64;
            memory_file::grow(&self.file, size)?;
            let slot = Slot::map(&self.file, index)?;
            state.count += 1;
            (index, slot)
        };
        reset(&mut slot);
        Ok(Place { board: Arc::clone(self), index, slot: Some(slot) })
    }
}

fn reset(slot: &mut Slot) {
    #[cfg(feature = "forward")]
    slot.ring.iter_mut().for_each(crate::sys::ring::Ring::reset);
    let header = slot.header();
    let words = [
        &header.caller.request_turn,
        &header.caller.request_len,
        &header.caller.asleep,
        &header.caller.stopping,
        &header.caller.withdrawn_turn,
        &header.worker.response_turn,
        &header.worker.response_len,
        &header.worker.asleep,
        &header.worker.taken_turn,
        &header.worker.pid,
        &header.worker.hook,
        &header.worker.keeps,
    ];
    for word in words {
        word.store(0, Ordering::SeqCst);
    }
    header.worker.taken_at.store(0, Ordering::SeqCst);
    header.worker.grace.store(0, Ordering::SeqCst);
    header.caller.idle_limit.store(0, Ordering::SeqCst);
}

impl Place {
    pub(crate) fn index(&self) -> u32 {
        self.index
    }

    pub(crate) fn slot(&self) -> &Slot {
        self.slot.as_ref().expect(HELD)
    }

    pub(crate) fn slot_mut(&mut self) -> &mut Slot {
        self.slot.as_mut().expect(HELD)
    }
}

const HELD: &str = "a place holds its slot until it is dropped";

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            let mut state = lock(&self.board.state);
            state.free.push((self.index, slot));
        }
    }
}
