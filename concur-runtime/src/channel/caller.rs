//! The caller's end of a channel: sends one request at a time, hears what becomes of it.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::Duration;

use super::arenas::{Announced, Mapped};
use super::board::Place;
use super::{FIRST_TURN, flag, frames, grace};
use crate::codec::{self, CodecError};
use crate::context::Moment;
use crate::outcome::ResultBytes;
use crate::payload::Payload;
use crate::sys::memory::{Mapping, REQUEST_AREA};
#[cfg(feature = "forward")]
use crate::sys::ring::Ring;
use crate::wire::{self, Notice, RequestHead, ResponseHead, Segment};

/// The caller's end.
pub(crate) struct CallerEnd {
    place: Place,
    socket: Arc<OwnedFd>,
    turn: u32,
    owner: u32,
    announced: Announced,
    mapped: Mapped,
    buffer: Vec<u8>,
}

/// What came over the socket.
pub(crate) enum Heard {
    /// Nothing (more).
    Nothing,
    /// A notice that the caller of `hear` has to know.
    Notice(Notice),
    /// The other side is gone without a word.
    Closed,
}

/// What a worker forwarded.
#[cfg(feature = "forward")]
pub(crate) struct Overheard {
    /// Records, one after the other.
    pub(crate) bytes: Vec<u8>,
    /// How many found no room.
    pub(crate) dropped: u32,
}

/// The result in an answer.
pub(crate) enum Answer {
    /// Copied out of the slot.
    Bytes(Vec<u8>),
    /// In an arena, which belongs to the caller until the worker gets its next request.
    Arena { mapping: Arc<Mapping>, len: usize },
}

impl CallerEnd {
    pub(crate) fn new(place: Place, socket: OwnedFd) -> Self {
        Self {
            place,
            socket: Arc::new(socket),
            turn: 0,
            owner: std::process::id(),
            announced: Announced::default(),
            mapped: Mapped::default(),
            buffer: Vec::new(),
        }
    }

    pub(crate) fn socket(&self) -> &Arc<OwnedFd> {
        &self.socket
    }

    /// The process that made this end; a fork of it must leave the other end alone.
    pub(crate) fn owner(&self) -> u32 {
        self.owner
    }

    /// The other end has its request already: it was forked with it.
    pub(crate) fn expect_answer(&mut self) {
        self.turn = FIRST_TURN;
    }

    /// The worker's process, once it is up.
    pub(crate) fn pid(&self) -> Option<u32> {
        Some(self.place.slot().header().worker.pid.load(Relaxed)).filter(|pid| *pid != 0)
    }

    /// Sends a request; the one before must have been answered.
    ///
    /// `head` comes with its segments unset. An error of the kind `NotConnected` says that the worker
    /// had left before; it has not taken the request and will not.
    pub(crate) fn send(
        &mut self,
        mut head: RequestHead,
        shared: &Payload,
        own: &Payload,
    ) -> io::Result<()> {
        head.shared = self.announced.segment(shared, &*self.socket)?;
        head.own = self.announced.segment(own, &*self.socket)?;
        let head = wire::head_to_bytes(&head).map_err(io::Error::other)?;
        let parts = [&head[..], inline(shared), inline(own)];
        let len: usize = parts.iter().map(|part| part.len()).sum();
        if len > REQUEST_AREA {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a request is too long"));
        }
        self.place.slot_mut().write_request(parts);
        self.announced.forget_large(shared);
        self.announced.forget_large(own);
        self.turn = self.turn.wrapping_add(1);
        let header = self.place.slot().header();
        header.caller.request_len.store(u32::try_from(len).unwrap_or(u32::MAX), Relaxed);
        // What was said of the task before is not said of this one.
        header.caller.stopping.store(0, Relaxed);
        header.caller.request_turn.store(self.turn, SeqCst);
        match header.worker.asleep.swap(flag::AWAKE, SeqCst) {
            // A worker that is gone, or whose socket is full of wakes, needs none.
            flag::ASLEEP => drop(frames::send(&*self.socket, &[wire::tag::WAKE])),
            flag::LEFT => return Err(io::ErrorKind::NotConnected.into()),
            _ => {}
        }
        Ok(())
    }

    /// From its next wait on the worker leaves when it has waited for this long.
    pub(crate) fn keep_idle_for(&self, limit: Duration) {
        let nanos = u64::try_from(limit.as_nanos()).unwrap_or(0);
        self.place.slot().header().caller.idle_limit.store(nanos, Relaxed);
    }

    /// Whether the worker has left by itself.
    pub(crate) fn has_left(&self) -> bool {
        self.place.slot().header().worker.asleep.load(Relaxed) == flag::LEFT
    }

    /// The hook that runs in the worker, by its place, or ran when the worker died.
    pub(crate) fn hook(&self) -> Option<u32> {
        self.place.slot().header().worker.hook.load(SeqCst).checked_sub(1)
    }

    /// Takes a request back that was not taken yet. `true` if it was in time: then its task never
    /// runs, and the worker ends instead.
    ///
    /// Each side writes its word before it reads the other's, so at least one of them sees both. If
    /// both do, the worker does not run the task, and the caller waits for its end as for any other.
    pub(crate) fn withdraw(&self) -> bool {
        self.place.slot().header().caller.withdrawn_turn.store(self.turn, SeqCst);
        self.taken_at().is_none()
    }

    /// When the worker took the request, if it has.
    pub(crate) fn taken_at(&self) -> Option<Moment> {
        let worker = &self.place.slot().header().worker;
        (worker.taken_turn.load(SeqCst) == self.turn)
            .then(|| Moment::from_nanos(worker.taken_at.load(Relaxed)))
    }

    /// Tells the task of the last request to stop, and gives the time that it has asked for to end.
    /// Zero if it has not: it may end by itself all the same, as long as it is not killed.
    pub(crate) fn tell_to_stop(&self) -> Duration {
        let header = self.place.slot().header();
        header.caller.stopping.store(1, SeqCst);
        let granted = match self.taken_at() {
            Some(_) => grace::unpack(header.worker.grace.load(SeqCst), self.turn),
            None => Duration::ZERO,
        };
        if !granted.is_zero() {
            // Only for a task that waits for a run of its own; a full socket is full of wakes.
            let _ = frames::send(&*self.socket, &[wire::tag::WAKE]);
        }
        granted.min(crate::shutdown::longest_grace())
    }

    /// Whether the answer is there.
    pub(crate) fn is_answered(&self) -> bool {
        self.place.slot().header().worker.response_turn.load(SeqCst) == self.turn
    }

    /// Asks to be woken over the socket. `true` if the answer came in between: then do not sleep.
    pub(crate) fn fall_asleep(&self) -> bool {
        self.place.slot().header().caller.asleep.store(1, SeqCst);
        self.is_answered()
    }

    /// Asks to be woken when something is forwarded, too. `true` if there is something already.
    #[cfg(feature = "forward")]
    pub(crate) fn listen_aside(&self) -> bool {
        self.place.slot().ring.as_ref().is_some_and(Ring::fall_asleep)
    }

    /// Without forwarding there is nothing.
    #[cfg(not(feature = "forward"))]
    #[expect(clippy::unused_self, reason = "as where there is a ring")]
    pub(crate) fn listen_aside(&self) -> bool {
        false
    }

    /// What was forwarded since the last time.
    #[cfg(feature = "forward")]
    pub(crate) fn overhear(&mut self) -> Option<Overheard> {
        let ring = self.place.slot_mut().ring.as_mut().filter(|ring| ring.has_news())?;
        let mut bytes = Vec::new();
        let dropped = ring.read(&mut bytes);
        Some(Overheard { bytes, dropped })
    }

    /// The number of the request that was sent last.
    #[cfg(feature = "forward")]
    pub(crate) fn turn(&self) -> u32 {
        self.turn
    }

    /// Reads the answer. Only once, and only when it is there.
    pub(crate) fn read_answer(&mut self) -> Result<(ResponseHead, Answer), CodecError> {
        self.place.slot().header().caller.asleep.store(0, SeqCst);
        let len = self.place.slot().header().worker.response_len.load(Relaxed) as usize;
        let mut buffer = std::mem::take(&mut self.buffer);
        self.place.slot().read_response(len, &mut buffer);
        let answer = self.parse_answer(&buffer);
        self.buffer = buffer;
        answer
    }

    fn parse_answer(&mut self, frame: &[u8]) -> Result<(ResponseHead, Answer), CodecError> {
        let (head, rest) = wire::split_head(frame)?;
        let head: ResponseHead = codec::decode_all(head)?;
        let answer = match head.result {
            Segment::Inline { len } => {
                let bytes = rest.get(..len as usize);
                let bytes = bytes.ok_or_else(|| CodecError::new("a result was cut short"))?;
                Answer::Bytes(bytes.to_vec())
            }
            Segment::Arena { id, len } => {
                let mapping = self.arena(id)?;
                let len = usize::try_from(len).ok().filter(|len| *len <= mapping.len());
                let len = len.ok_or_else(|| CodecError::new("a result claims too much"))?;
                self.mapped.forget_large();
                Answer::Arena { mapping, len }
            }
        };
        Ok((head, answer))
    }

    /// The arena with this id; it was announced before the answer was published, so the
    /// announcement is in the socket if it is not known yet.
    fn arena(&mut self, id: u64) -> Result<Arc<Mapping>, CodecError> {
        loop {
            if let Some(mapping) = self.mapped.find(id)? {
                return Ok(mapping);
            }
            match self.hear() {
                Ok(Heard::Notice(Notice::Queued | Notice::Unqueued | Notice::LastWords(_))) => {}
                Ok(Heard::Notice(_) | Heard::Nothing | Heard::Closed) => {
                    // The last announcement may have come with the notice of the worker's death.
                    let found = self.mapped.find(id)?;
                    return found
                        .ok_or_else(|| CodecError::new("the result's memory is not there"));
                }
                Err(err) => return Err(CodecError::new(format!("the result is lost: {err}"))),
            }
        }
    }

    /// Reads what is in the socket, up to the first notice that matters.
    pub(crate) fn hear(&mut self) -> io::Result<Heard> {
        loop {
            let frame = match frames::receive(&*self.socket, false) {
                Ok(Some(frame)) => frame,
                Ok(None) => return Ok(Heard::Closed),
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => return Ok(Heard::Nothing),
                // The other end was closed with frames unread in it. The kernel tells that before it
                // hands out what was sent earlier, and only once.
                Err(err) if err.kind() == io::ErrorKind::ConnectionReset => continue,
                Err(err) => return Err(err),
            };
            match Notice::from_bytes(&frame.bytes).map_err(io::Error::other)? {
                Notice::Wake => {}
                Notice::Arena(said) => {
                    self.mapped.add(said, &frame.descriptors)?;
                }
                notice => return Ok(Heard::Notice(notice)),
            }
        }
    }
}

fn inline(payload: &Payload) -> &[u8] {
    if payload.arena().is_some() { &[] } else { payload.bytes() }
}

impl Answer {
    /// The result, together with what must stay as it is until it was read.
    pub(crate) fn into_result<H: Send + 'static>(self, holder: H) -> ResultBytes {
        struct InArena<H> {
            mapping: Arc<Mapping>,
            len: usize,
            _holder: H,
        }
        impl<H> AsRef<[u8]> for InArena<H> {
            fn as_ref(&self) -> &[u8] {
                self.mapping.bytes(self.len)
            }
        }
        match self {
            Self::Bytes(bytes) => ResultBytes::new(bytes),
            Self::Arena { mapping, len } => {
                ResultBytes::new(InArena { mapping, len, _holder: holder })
            }
        }
    }
}
