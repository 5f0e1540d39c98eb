//! A ring in shared memory: one process writes records into it, another reads them, and what was
//! written is there also when the writer is dead.
//!
//! Two counters of bytes, which only go up: how far the writer has come and how far the reader. What
//! lies between them is the reader's, the rest the writer's. A record is counted when it is whole, so
//! a writer that dies half-way leaves no half record. Each side may sleep until the other goes on: it
//! raises a flag, looks once more, and sleeps; who goes on takes the flag down and wakes it. All four
//! steps are sequentially consistent, so either the sleeper sees the counter or the other side the
//! flag.

use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};

use rustix::thread::futex;

use super::memory::Mapping;
use crate::context::Moment;

/// Room for records. A power of two, so that positions survive the counters' overflow.
const CAPACITY: u32 = 64 * 1024;

/// Where the records begin.
const HEADER: usize = 4096;

/// What a ring takes of its file.
pub(crate) const RING_SIZE: usize = HEADER + CAPACITY as usize;

/// The longest record.
pub(crate) const RECORD_LIMIT: usize = CAPACITY as usize / 4;

/// What both sides look at: one cache line for each writer.
#[repr(C)]
struct Header {
    writer: WriterLine,
    reader: ReaderLine,
}

#[repr(C, align(64))]
struct WriterLine {
    /// So many bytes have been written.
    written: AtomicU32,
    /// So many records found no room.
    dropped: AtomicU32,
    /// 1 while the writer waits for room.
    waiting: AtomicU32,
}

#[repr(C, align(64))]
struct ReaderLine {
    /// So many bytes have been read. The writer waits on it for room.
    read: AtomicU32,
    /// 1 while the reader sleeps and wants to be woken.
    asleep: AtomicU32,
}

const _: () = assert!(size_of::<Header>() <= HEADER && CAPACITY.is_power_of_two());

/// One side's view of a ring. Which side it is decides which methods it may call.
pub(crate) struct Ring {
    mapping: Mapping,
    /// So many of the records that were dropped the reader knows of.
    known_dropped: u32,
}

impl Ring {
    pub(crate) fn map(file: impl AsFd, offset: u64) -> io::Result<Self> {
        Ok(Self { mapping: Mapping::writable(file, offset, RING_SIZE)?, known_dropped: 0 })
    }

    fn header(&self) -> &Header {
        // SAFETY: the mapping is page-aligned and longer than a header, lives as long as `self`, and
        // consists of atomics, for which any bytes are valid and which other processes may change at
        // any time.
        unsafe { self.mapping.start().cast::<Header>().as_ref() }
    }

    /// Makes it as new, while only one side has it.
    pub(crate) fn reset(&mut self) {
        self.known_dropped = 0;
        let Header { writer, reader } = self.header();
        for word in
            [&writer.written, &writer.dropped, &writer.waiting, &reader.read, &reader.asleep]
        {
            word.store(0, SeqCst);
        }
    }

    /// For the writer: writes a record, if there is room for it. A record is a few bytes after its
    /// length.
    pub(crate) fn write(&mut self, parts: &[&[u8]]) -> bool {
        let len: usize = parts.iter().map(|part| part.len()).sum();
        let Some(len) = u32::try_from(len).ok().filter(|len| *len as usize <= RECORD_LIMIT) else {
            return false;
        };
        if self.room() < len + 4 {
            return false;
        }
        let mut at = self.header().writer.written.load(Relaxed);
        for part in std::iter::once(&len.to_le_bytes()[..]).chain(parts.iter().copied()) {
            self.copy_in(at, part);
            at = at.wrapping_add(u32::try_from(part.len()).unwrap_or(0));
        }
        self.header().writer.written.store(at, SeqCst);
        true
    }

    /// For the writer, after it has written: whether the reader sleeps and has to be woken.
    pub(crate) fn must_wake_reader(&self) -> bool {
        self.header().reader.asleep.swap(0, SeqCst) == 1
    }

    /// For the writer: waits for room for a record of `len` bytes. `false` if none came until then.
    pub(crate) fn wait_for_room(&self, len: usize, until: Moment) -> bool {
        let Header { writer, reader } = self.header();
        let has_room = || self.room() as usize >= len + 4;
        loop {
            writer.waiting.store(1, SeqCst);
            let read = reader.read.load(SeqCst);
            let left = until.since(Moment::now());
            if has_room() || left.is_zero() {
                writer.waiting.store(0, SeqCst);
                return has_room();
            }
            let limit = futex::Timespec {
                tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: left.subsec_nanos().into(),
            };
            // Whatever ends it, the loop looks. Not private: the reader is another process.
            let _ = futex::wait(&reader.read, futex::Flags::empty(), read, Some(&limit));
        }
    }

    /// For the writer: counts a record that found no room.
    pub(crate) fn count_dropped(&self) {
        self.header().writer.dropped.fetch_add(1, SeqCst);
    }

    /// For the reader: whether there is something to read or a drop to tell of.
    pub(crate) fn has_news(&self) -> bool {
        let Header { writer, reader } = self.header();
        writer.written.load(SeqCst) != reader.read.load(Relaxed)
            || writer.dropped.load(SeqCst) != self.known_dropped
    }

    /// For the reader: asks to be woken. `true` if there is something to read already.
    pub(crate) fn fall_asleep(&self) -> bool {
        self.header().reader.asleep.store(1, SeqCst);
        self.has_news()
    }

    /// For the reader: copies what is there, so that nobody can change it any more, and gives the room
    /// back. How many records were dropped since the last time.
    pub(crate) fn read(&mut self, into: &mut Vec<u8>) -> u32 {
        let Header { writer, reader } = self.header();
        let (written, read) = (writer.written.load(SeqCst), reader.read.load(Relaxed));
        let len = written.wrapping_sub(read);
        // A writer that has gone mad claims more than there can be.
        if len <= CAPACITY {
            self.copy_out(read, len, into);
        }
        let Header { writer, reader } = self.header();
        reader.read.store(written, SeqCst);
        if writer.waiting.swap(0, SeqCst) == 1 {
            let _ = futex::wake(&reader.read, futex::Flags::empty(), u32::MAX);
        }
        let dropped = writer.dropped.load(SeqCst);
        dropped.wrapping_sub(std::mem::replace(&mut self.known_dropped, dropped))
    }

    /// How many bytes the writer may write.
    fn room(&self) -> u32 {
        let Header { writer, reader } = self.header();
        let used = writer.written.load(Relaxed).wrapping_sub(reader.read.load(SeqCst));
        CAPACITY.saturating_sub(used)
    }

    fn copy_in(&mut self, at: u32, bytes: &[u8]) {
        let at = (at % CAPACITY) as usize;
        let (first, second) = bytes.split_at(bytes.len().min(CAPACITY as usize - at));
        self.mapping.write_at(HEADER + at, first);
        self.mapping.write_at(HEADER, second);
    }

    fn copy_out(&self, at: u32, len: u32, into: &mut Vec<u8>) {
        let (at, len) = ((at % CAPACITY) as usize, len as usize);
        let first = len.min(CAPACITY as usize - at);
        // SAFETY: both ranges lie inside the mapping, since `first` ends at its end at the most and
        // `len` is `CAPACITY` at the most; the writer has handed them over by its counter and writes
        // there again only when this side has counted them as read. A process that has gone mad and
        // writes all the same spoils this copy, never memory that was checked already.
        unsafe { self.mapping.copy_out(HEADER + at, first, into) };
        // SAFETY: as above.
        unsafe { self.mapping.copy_out(HEADER, len - first, into) };
    }
}

/// Splits what was read into records.
pub(crate) fn records(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (len, rest) = bytes.split_first_chunk::<4>()?;
        let (record, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
        bytes = rest;
        Some(record)
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn pair() -> (Ring, Ring) {
        let file = rustix::fs::memfd_create("ring", rustix::fs::MemfdFlags::CLOEXEC);
        let file = file.expect("memory files can be made");
        rustix::fs::ftruncate(&file, RING_SIZE as u64).expect("it can grow");
        let map = || Ring::map(&file, 0).expect("it can be mapped");
        (map(), map())
    }

    fn read(ring: &mut Ring) -> (Vec<Vec<u8>>, u32) {
        let mut bytes = Vec::new();
        let dropped = ring.read(&mut bytes);
        (records(&bytes).map(<[u8]>::to_vec).collect(), dropped)
    }

    #[test]
    fn records_come_whole_and_in_order_over_many_rounds() {
        let (mut writer, mut reader) = pair();
        let mut next = 0_u32;
        for round in 0..2000_usize {
            let len = round * 7 % 3000;
            let body = vec![u8::try_from(round % 251).unwrap_or(0); len];
            assert!(writer.write(&[&next.to_le_bytes(), &body]), "round {round}");
            next += 1;
            let (records, _) = read(&mut reader);
            assert_eq!(records.len(), 1);
            assert_eq!(records[0][..4], (next - 1).to_le_bytes());
            assert_eq!(records[0][4..], body);
        }
    }

    #[test]
    fn what_finds_no_room_is_refused_until_something_was_read() {
        let (mut writer, mut reader) = pair();
        let record = [7; 1020];
        let fitting = (0..1000).take_while(|_| writer.write(&[&record])).count();
        assert_eq!(fitting, 64);
        writer.count_dropped();
        assert!(reader.has_news());
        let (records, dropped) = read(&mut reader);
        assert_eq!((records.len(), dropped), (64, 1));
        assert!(!reader.has_news());
        assert!(writer.write(&[&record]));
        let too_long = vec![0; RECORD_LIMIT + 1];
        assert!(!writer.write(&[&too_long]), "it is too long in any case");
    }

    #[test]
    fn a_writer_waits_for_room_and_no_longer_than_it_was_told() {
        let (mut writer, mut reader) = pair();
        while writer.write(&[&[1; 1020]]) {}
        let until = Moment::now().after(Duration::from_millis(1));
        assert!(!writer.wait_for_room(1020, until));
        let waiting = std::thread::spawn(move || {
            writer.wait_for_room(1020, Moment::now().after(Duration::from_secs(60)))
        });
        let (records, _) = read(&mut reader);
        assert_eq!(records.len(), 64);
        assert!(waiting.join().expect("it does not panic"));
    }

    #[test]
    fn a_reader_that_sleeps_is_woken_once() {
        let (mut writer, mut reader) = pair();
        assert!(!reader.fall_asleep());
        assert!(writer.write(&[b"x"]));
        assert!(writer.must_wake_reader() && !writer.must_wake_reader());
        assert!(reader.fall_asleep());
        assert_eq!(read(&mut reader).0, [b"x"]);
    }

    #[test]
    fn nonsense_in_shared_memory_is_no_harm() {
        let (writer, mut reader) = pair();
        writer.header().writer.written.store(u32::MAX - 5, SeqCst);
        assert!(read(&mut reader).0.is_empty());
        assert_eq!(records(&[9, 0, 0, 0, 1]).count(), 0);
        assert_eq!(records(&[1]).count(), 0);
    }
}
