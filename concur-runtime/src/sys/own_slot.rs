//! The slot of a process made for tasks, where any of its threads finds what the caller says.
//!
//! It stays mapped for as long as the process lives, so its header can be handed out for ever.

use std::mem::ManuallyDrop;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::memory::{Header, Slot};

/// The header of this process' slot; null in a process that has none.
static HEADER: AtomicPtr<Header> = AtomicPtr::new(ptr::null_mut());

/// A slot that is never unmapped.
pub(crate) struct OwnSlot(ManuallyDrop<Slot>);

impl OwnSlot {
    /// Keeps the slot as that of this process. A fork of a process that had one has another now.
    pub(crate) fn keep(slot: Slot) -> Self {
        let own = Self(ManuallyDrop::new(slot));
        HEADER.store(ptr::from_ref(own.header()).cast_mut(), Ordering::Release);
        own
    }

    /// Keeps the slot as one of several: no thread finds it but those that are told.
    #[cfg(feature = "tokio")]
    pub(crate) fn keep_beside_others(slot: Slot) -> Self {
        Self(ManuallyDrop::new(slot))
    }

    pub(crate) fn header(&self) -> &'static Header {
        let header = ptr::from_ref(self.0.header());
        // SAFETY: it comes from a valid reference into a mapping that nobody unmaps: the slot is private
        // to an `OwnSlot`, which neither drops it nor gives it out. A header consists of atomics.
        unsafe { &*header }
    }

    /// See [`Slot::read_request`].
    pub(crate) fn read_request(&self, len: usize, into: &mut Vec<u8>) {
        self.0.read_request(len, into);
    }

    /// See [`Slot::write_response`].
    pub(crate) fn write_response(&mut self, parts: [&[u8]; 2]) {
        self.0.write_response(parts);
    }
}

/// A process that was forked to go on by itself leaves the slot to the one that it is a fork of.
pub(crate) fn forget() {
    HEADER.store(ptr::null_mut(), Ordering::Release);
}

/// The header of this process' slot, if it was made for tasks.
pub(crate) fn header() -> Option<&'static Header> {
    // SAFETY: null, or stored by `keep` from a valid reference into a mapping that nobody unmaps: the
    // slot is private to an `OwnSlot`, which neither drops it nor gives it out. It is an address in the
    // mapping, not in the `OwnSlot`, so moving that changes nothing. A header consists of atomics.
    unsafe { HEADER.load(Ordering::Acquire).as_ref() }
}
