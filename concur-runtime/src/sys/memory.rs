//! Memory shared between processes.
//!
//! A [`Mapping`] is a part of a memory file. Its bytes are handed out as slices only to the side that
//! owns them at that moment; everything that both sides touch at once is an atomic in a [`Header`].

use std::io;
use std::os::fd::AsFd;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU32, AtomicU64};

use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

/// A shared mapping of a memory file, unmapped when dropped.
pub(crate) struct Mapping {
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: a mapping is plain memory that is tied to no thread; who may read or write which part is
// decided by `&self` and `&mut self` and by the protocol in `channel`.
unsafe impl Send for Mapping {}
// SAFETY: as above: `&self` gives read access to bytes that their owner has finished writing, and to
// atomics.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// A mapping of no bytes.
    pub(crate) const fn none() -> Self {
        Self { start: NonNull::dangling(), len: 0 }
    }

    pub(crate) fn writable(file: impl AsFd, offset: u64, len: usize) -> io::Result<Self> {
        Self::new(file, offset, len, ProtFlags::READ | ProtFlags::WRITE)
    }

    pub(crate) fn readable(file: impl AsFd, offset: u64, len: usize) -> io::Result<Self> {
        Self::new(file, offset, len, ProtFlags::READ)
    }

    fn new(file: impl AsFd, offset: u64, len: usize, prot: ProtFlags) -> io::Result<Self> {
        if len == 0 {
            return Ok(Self::none());
        }
        // SAFETY: a new mapping at an address of the kernel's choice touches no memory of ours.
        let start = unsafe { mmap(ptr::null_mut(), len, prot, MapFlags::SHARED, file, offset)? };
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { start, len })
    }

    #[cfg(feature = "forward")]
    pub(super) fn start(&self) -> NonNull<u8> {
        self.start
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The first `len` bytes, which their writer has finished and handed over.
    pub(crate) fn bytes(&self, len: usize) -> &[u8] {
        let len = len.min(self.len);
        // SAFETY: `start` is valid for `self.len` bytes until the mapping is dropped, the file is
        // sealed against shrinking or ours, and memory files are zeroed, so every byte is
        // initialized. The protocol keeps writers away: an arena's owner writes only between two
        // uses, and its reader has the bytes only after they were handed over.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), len) }
    }

    /// Copies `bytes` to `offset`; the caller has made sure that they fit.
    pub(crate) fn write_at(&mut self, offset: usize, bytes: &[u8]) {
        assert!(offset.checked_add(bytes.len()).is_some_and(|end| end <= self.len), "they fit");
        // SAFETY: the range lies inside the mapping (checked above), and a slice of private memory
        // cannot overlap it.
        unsafe { self.copy_in(offset, bytes) }
    }

    /// Copies into a part of the mapping that the protocol gives to this side.
    ///
    /// # Safety
    ///
    /// The range must lie inside the mapping and must not be read or written by anyone else now.
    unsafe fn copy_in(&self, offset: usize, bytes: &[u8]) {
        // SAFETY: the caller keeps the range inside the mapping.
        let target = unsafe { self.start.as_ptr().add(offset) };
        // SAFETY: both are valid for `bytes.len()` bytes and do not overlap.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), target, bytes.len()) }
    }

    /// Copies out of a part of the mapping that the protocol gives to this side.
    ///
    /// # Safety
    ///
    /// The range must lie inside the mapping, and must not be written by anyone else now.
    pub(super) unsafe fn copy_out(&self, offset: usize, len: usize, into: &mut Vec<u8>) {
        // SAFETY: the caller keeps the range inside the mapping.
        let source = unsafe { self.start.as_ptr().add(offset) };
        // SAFETY: as above, for `len` bytes; the slice lives only for the copy.
        into.extend_from_slice(unsafe { std::slice::from_raw_parts(source, len) });
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        if self.len > 0 {
            // SAFETY: the range was mapped by `new` and nothing borrowed from it is left. Failure
            // would leave the mapping in place, which is harmless.
            let _ = unsafe { munmap(self.start.as_ptr().cast(), self.len) };
        }
    }
}

/// What both sides of a slot look at: one cache line for each writer.
#[repr(C, align(64))]
pub(crate) struct Header {
    pub(crate) caller: CallerLine,
    pub(crate) worker: WorkerLine,
}

/// Written by the caller.
#[repr(C, align(64))]
pub(crate) struct CallerLine {
    /// The number of the request that lies in the slot; it goes up by one for each.
    pub(crate) request_turn: AtomicU32,
    pub(crate) request_len: AtomicU32,
    /// 1 while the caller waits on the socket and wants to be woken.
    pub(crate) asleep: AtomicU32,
    /// 1 when the task of the last request is to stop.
    pub(crate) stopping: AtomicU32,
    /// How long the worker waits for a request before it leaves, in nanoseconds; 0 for ever.
    pub(crate) idle_limit: AtomicU64,
    /// The number of a request that must not be run any more.
    pub(crate) withdrawn_turn: AtomicU32,
}

/// Written by the worker.
#[repr(C, align(64))]
pub(crate) struct WorkerLine {
    /// The number of the request that the response in the slot answers.
    pub(crate) response_turn: AtomicU32,
    pub(crate) response_len: AtomicU32,
    /// 1 while the worker waits on the socket and wants to be woken, 2 when it has left for good.
    pub(crate) asleep: AtomicU32,
    /// The number of the request that was taken last, stored before its task runs.
    pub(crate) taken_turn: AtomicU32,
    /// When it was taken, in nanoseconds of the monotonic clock.
    pub(crate) taken_at: AtomicU64,
    /// The worker's process; 0 until it is up.
    pub(crate) pid: AtomicU32,
    /// How long a task may go on when it is told to stop, as `channel::grace` packs it.
    pub(crate) grace: AtomicU64,
    /// The hook that runs there now: its place in the registry, plus one; 0 for none.
    pub(crate) hook: AtomicU32,
    /// 1 while the worker keeps values that are dropped when it ends.
    pub(crate) keeps: AtomicU32,
}

const HEADER: usize = 256;
const _: () = assert!(size_of::<Header>() <= HEADER);

/// Room for a request: its head and two inline payloads.
pub(crate) const REQUEST_AREA: usize = 160 * 1024 - HEADER;
/// Room for a response: its head and one inline payload.
pub(crate) const RESPONSE_AREA: usize = 96 * 1024;
/// What a slot takes, what its worker forwards aside.
const AREAS: usize = HEADER + REQUEST_AREA + RESPONSE_AREA;
/// The distance between slots in their file.
#[cfg(not(feature = "forward"))]
pub(crate) const SLOT_SIZE: usize = AREAS;
/// The distance between slots in their file.
#[cfg(feature = "forward")]
pub(crate) const SLOT_SIZE: usize = AREAS + super::ring::RING_SIZE;
const _: () = assert!(SLOT_SIZE % 4096 == 0);

/// A place in shared memory where one caller and one worker meet.
pub(crate) struct Slot {
    mapping: Mapping,
    /// What the worker forwards; given away by the worker's side, where any thread may write.
    #[cfg(feature = "forward")]
    pub(crate) ring: Option<super::ring::Ring>,
}

impl Slot {
    pub(crate) fn map(board: impl AsFd, index: u32) -> io::Result<Self> {
        let offset = u64::from(index) * SLOT_SIZE as u64;
        Ok(Self {
            mapping: Mapping::writable(&board, offset, AREAS)?,
            #[cfg(feature = "forward")]
            ring: Some(super::ring::Ring::map(&board, offset + AREAS as u64)?),
        })
    }

    pub(crate) fn header(&self) -> &Header {
        // SAFETY: the mapping is page-aligned and longer than a header (`SLOT_SIZE`), lives as long
        // as `self`, and consists of atomics, for which any bytes are valid and which other
        // processes may change at any time.
        unsafe { self.mapping.start.cast::<Header>().as_ref() }
    }

    /// Writes a request; between its answer and the next turn the request area is the caller's.
    pub(crate) fn write_request(&mut self, parts: [&[u8]; 3]) {
        self.write_parts(HEADER, REQUEST_AREA, &parts);
    }

    /// Writes a response; from taking a request to answering it, the response area is the worker's.
    pub(crate) fn write_response(&mut self, parts: [&[u8]; 2]) {
        self.write_parts(HEADER + REQUEST_AREA, RESPONSE_AREA, &parts);
    }

    /// Copies a request of `len` bytes out of the slot, so that nobody can change it any more.
    pub(crate) fn read_request(&self, len: usize, into: &mut Vec<u8>) {
        self.read(HEADER, len.min(REQUEST_AREA), into);
    }

    /// Copies a response of `len` bytes out of the slot.
    pub(crate) fn read_response(&self, len: usize, into: &mut Vec<u8>) {
        self.read(HEADER + REQUEST_AREA, len.min(RESPONSE_AREA), into);
    }

    fn write_parts(&mut self, start: usize, room: usize, parts: &[&[u8]]) {
        let total: usize = parts.iter().map(|part| part.len()).sum();
        assert!(total <= room, "a frame of {total} bytes was checked against its area");
        let mut offset = start;
        for part in parts {
            self.mapping.write_at(offset, part);
            offset += part.len();
        }
    }

    fn read(&self, start: usize, len: usize, into: &mut Vec<u8>) {
        into.clear();
        // SAFETY: `len` was cut to the area, which lies inside the slot; its writer has handed it
        // over by its turn counter. A process that has gone mad and writes all the same spoils this
        // copy, never memory that was checked already.
        unsafe { self.mapping.copy_out(start, len, into) }
    }
}
