//! Which arenas the other side knows, and which of the other side's are mapped here.
//!
//! An arena's descriptor crosses once; after that its id is enough. The side that announces decides
//! what the other may forget, so that both always agree.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use super::frames;
use crate::codec::CodecError;
use crate::payload::Payload;
use crate::payload::arena::KEEP_LIMIT;
use crate::sys::memory::Mapping;
use crate::wire::{Announcement, Notice, Segment};

/// So many arenas stay known at a time. A request uses two at the most.
const KNOWN: usize = 4;

/// The arenas that the other side has mapped, the one used last at the end.
#[derive(Default)]
pub(super) struct Announced {
    known: Vec<u64>,
}

impl Announced {
    /// Where `payload` lies; its arena is announced if the other side does not know it.
    pub(super) fn segment(&mut self, payload: &Payload, socket: impl AsFd) -> io::Result<Segment> {
        let Some(arena) = payload.arena() else {
            let len = u32::try_from(payload.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
            return Ok(Segment::Inline { len });
        };
        let known = self.known.iter().position(|id| *id == arena.id());
        if let Some(at) = known {
            self.known.remove(at);
        } else {
            let replaces = (self.known.len() >= KNOWN).then(|| self.known.remove(0));
            let capacity = arena.capacity() as u64;
            let notice = Notice::Arena(Announcement { id: arena.id(), capacity, replaces });
            let bytes = notice.to_bytes().map_err(io::Error::other)?;
            frames::send_with(socket, &bytes, &[arena.file().as_fd()])?;
        }
        self.known.push(arena.id());
        Ok(Segment::Arena { id: arena.id(), len: arena.bytes().len() as u64 })
    }

    /// Large arenas are used once: the other side unmaps them by itself.
    pub(super) fn forget_large(&mut self, payload: &Payload) {
        if let Some(arena) = payload.arena().filter(|arena| arena.capacity() > KEEP_LIMIT) {
            self.known.retain(|id| *id != arena.id());
        }
    }
}

/// The other side's arenas that are mapped here.
#[derive(Default)]
pub(super) struct Mapped {
    arenas: Vec<(u64, Arc<Mapping>)>,
    /// Announced, but the descriptor did not come: this process has none free.
    lost: Option<u64>,
}

impl Mapped {
    /// Maps an arena that was announced. What it claims is checked against the file itself.
    pub(super) fn add(&mut self, said: Announcement, descriptors: &[OwnedFd]) -> io::Result<()> {
        if let Some(gone) = said.replaces {
            self.arenas.retain(|(id, _)| *id != gone);
        }
        let [file] = descriptors else {
            self.lost = Some(said.id);
            return Ok(());
        };
        let size = u64::try_from(rustix::fs::fstat(file)?.st_size).unwrap_or(0);
        if said.capacity > size {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "an arena claims too much"));
        }
        let capacity = usize::try_from(said.capacity).map_err(|_| io::ErrorKind::InvalidData)?;
        self.arenas.push((said.id, Arc::new(Mapping::readable(file, 0, capacity)?)));
        Ok(())
    }

    /// The arena with this id, `None` if it was not announced yet.
    pub(super) fn find(&self, id: u64) -> Result<Option<Arc<Mapping>>, CodecError> {
        if self.lost == Some(id) {
            return Err(CodecError::new(
                "its memory cannot be received: this process has no descriptor free",
            ));
        }
        let found = self.arenas.iter().find(|(known, _)| *known == id);
        Ok(found.map(|(_, mapping)| Arc::clone(mapping)))
    }

    /// Gives back the memory of arenas that are not used again.
    pub(super) fn forget_large(&mut self) {
        self.arenas.retain(|(_, mapping)| mapping.len() <= KEEP_LIMIT);
    }
}
