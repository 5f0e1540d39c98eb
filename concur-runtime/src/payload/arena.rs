//! Memory for large values that another process can map: encoded straight into, decoded from, and
//! used again, because the first touch of a page costs more than copying it.
//!
//! An arena is owned by the process that writes it. A reader maps it by its descriptor and caches
//! the mapping by the arena's id; an arena that grows gets a new id. Arenas up to [`KEEP_LIMIT`] are
//! kept for the next large value, larger ones are given back to the system at once.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::locks::lock;
use crate::memory_file;
use crate::sys::memory::Mapping;
use crate::sys::process_local::ProcessLocal;

/// Arenas larger than this are not kept once they are used: 8 MiB.
pub(crate) const KEEP_LIMIT: usize = 8 << 20;
/// So many free arenas are kept at the most.
const KEEP_COUNT: usize = 8;
/// The smallest arena.
const SMALLEST: usize = 256 * 1024;

/// A growing buffer in a memory file.
pub(crate) struct Arena {
    id: u64,
    file: Arc<OwnedFd>,
    mapping: Mapping,
    len: usize,
    /// A fork shares the memory with the process that made it, and must leave it alone.
    owner: u32,
}

/// Arenas that are free in this process.
static FREE: ProcessLocal<Mutex<Vec<Arena>>> = ProcessLocal::new();

/// Ids are never used twice within a process, so that a cached mapping is never taken for another.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

impl Arena {
    /// A free arena, or a new one with room for at least `capacity` bytes.
    pub(crate) fn obtain(capacity: usize) -> io::Result<Self> {
        let free = FREE.get(Mutex::default);
        let kept = {
            let mut free = lock(free);
            let fits = free.iter().rposition(|arena| arena.mapping.len() >= capacity);
            fits.map(|index| free.swap_remove(index))
        };
        match kept {
            Some(arena) => Ok(arena),
            None => Self::create(capacity.next_power_of_two().max(SMALLEST)),
        }
    }

    fn create(capacity: usize) -> io::Result<Self> {
        let file = memory_file::create("concur-arena", capacity as u64)?;
        let mapping = Mapping::writable(&file, 0, capacity)?;
        Ok(Self { id: next_id(), file: Arc::new(file), mapping, len: 0, owner: std::process::id() })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let end = self.len.checked_add(bytes.len()).ok_or(io::ErrorKind::OutOfMemory)?;
        if end > self.mapping.len() {
            self.grow(end)?;
        }
        self.mapping.write_at(self.len, bytes);
        self.len = end;
        Ok(())
    }

    fn grow(&mut self, needed: usize) -> io::Result<()> {
        let capacity = needed.checked_next_power_of_two().ok_or(io::ErrorKind::OutOfMemory)?;
        memory_file::grow(&*self.file, capacity as u64)?;
        self.mapping = Mapping::writable(&*self.file, 0, capacity)?;
        self.id = next_id();
        Ok(())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.mapping.bytes(self.len)
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn capacity(&self) -> usize {
        self.mapping.len()
    }

    /// The descriptor that a reader maps.
    pub(crate) fn file(&self) -> &Arc<OwnedFd> {
        &self.file
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        let foreign = self.owner != std::process::id();
        if foreign || self.mapping.len() > KEEP_LIMIT || self.mapping.is_empty() {
            return;
        }
        let mut free = lock(FREE.get(Mutex::default));
        if free.len() < KEEP_COUNT {
            free.push(Self {
                id: self.id,
                file: Arc::clone(&self.file),
                mapping: std::mem::replace(&mut self.mapping, Mapping::none()),
                len: 0,
                owner: self.owner,
            });
        }
    }
}

fn next_id() -> u64 {
    NEXT_ID.fetch_add(1, Ordering::Relaxed)
}
