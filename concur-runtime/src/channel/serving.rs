//! The worker's end of a channel: waits for a request, publishes its answer.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::Duration;

use rustix::net::sockopt::{Timeout, set_socket_timeout};

use super::arenas::{Announced, Mapped};
use super::{FIRST_TURN, flag, frames, spin_until};
use crate::codec::{self, CodecError};
use crate::context::Moment;
use crate::cuts;
use crate::outcome::Ending;
use crate::payload::Payload;
#[cfg(feature = "tokio")]
use crate::sys::memory::Header;
use crate::sys::memory::{Mapping, Slot};
use crate::sys::own_slot::OwnSlot;
#[cfg(feature = "forward")]
use crate::sys::ring::Ring;
use crate::wire::{self, Notice, RequestHead, ResponseHead, Segment};

/// The worker's end.
pub(crate) struct WorkerEnd {
    slot: OwnSlot,
    socket: Arc<OwnedFd>,
    /// For what is forwarded, until it is taken.
    #[cfg(feature = "forward")]
    ring: Option<Ring>,
    turn: u32,
    taken_at: Moment,
    /// As the socket keeps it, in nanoseconds; 0 for none.
    idle_limit: u64,
    announced: Announced,
    mapped: Mapped,
}

/// A request that was taken.
pub(crate) struct Request {
    pub(crate) head: RequestHead,
    frame: Vec<u8>,
    /// Where the inline segments begin in the frame.
    inline_at: usize,
    shared: Option<Arc<Mapping>>,
    own: Option<Arc<Mapping>>,
}

impl WorkerEnd {
    pub(crate) fn new(
        #[cfg_attr(not(feature = "forward"), expect(unused_mut, reason = "it has no ring"))]
        mut slot: Slot,
        socket: OwnedFd,
    ) -> Self {
        #[cfg(feature = "forward")]
        let ring = slot.ring.take();
        Self {
            #[cfg(feature = "forward")]
            ring,
            ..Self::with(OwnSlot::keep(slot), socket)
        }
    }

    /// The end of a lane: one of several in this process.
    #[cfg(feature = "tokio")]
    pub(crate) fn of_lane(
        #[cfg_attr(not(feature = "forward"), expect(unused_mut, reason = "it has no ring"))]
        mut slot: Slot,
        socket: OwnedFd,
    ) -> Self {
        #[cfg(feature = "forward")]
        let ring = slot.ring.take();
        Self {
            #[cfg(feature = "forward")]
            ring,
            ..Self::with(OwnSlot::keep_beside_others(slot), socket)
        }
    }

    fn with(slot: OwnSlot, socket: OwnedFd) -> Self {
        slot.header().worker.pid.store(std::process::id(), SeqCst);
        Self {
            slot,
            socket: Arc::new(socket),
            #[cfg(feature = "forward")]
            ring: None,
            turn: 0,
            taken_at: Moment::now(),
            idle_limit: 0,
            announced: Announced::default(),
            mapped: Mapped::default(),
        }
    }

    /// What is needed to forward, once.
    #[cfg(feature = "forward")]
    pub(crate) fn take_ring(&mut self) -> Option<(Ring, Arc<OwnedFd>)> {
        Some((self.ring.take()?, Arc::clone(&self.socket)))
    }

    pub(crate) fn socket(&self) -> &Arc<OwnedFd> {
        &self.socket
    }

    /// What both sides of the slot look at.
    #[cfg(feature = "tokio")]
    pub(crate) fn header(&self) -> &'static Header {
        self.slot.header()
    }

    /// The request that was taken last, by its number, and when that was.
    pub(crate) fn taken(&self) -> (u32, Moment) {
        (self.turn, self.taken_at)
    }

    /// Waits for the next request. `None` when the caller is gone, has taken it back, or has had none
    /// for as long as it allows the worker to wait.
    pub(crate) fn next(&mut self) -> io::Result<Option<Result<Request, CodecError>>> {
        self.next_unless_left(|_| true)
    }

    /// As [`next`](Self::next); `may_leave` is asked when there was no request for so long.
    pub(crate) fn next_unless_left(
        &mut self,
        may_leave: impl Fn(Duration) -> bool,
    ) -> io::Result<Option<Result<Request, CodecError>>> {
        let next = self.turn.wrapping_add(1);
        while !self.is_requested(next) {
            // The first request of a worker that was forked ahead is not worth looking out for.
            if self.turn != 0 && spin_until(|| self.is_requested(next)) {
                break;
            }
            self.limit_wait();
            let worker = &self.slot.header().worker;
            worker.asleep.store(flag::ASLEEP, SeqCst);
            if self.is_requested(next) {
                worker.asleep.store(flag::AWAKE, SeqCst);
                break;
            }
            match self.hear() {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => {
                    if may_leave(Duration::from_nanos(self.idle_limit)) && self.leave() {
                        return Ok(None);
                    }
                }
                Err(err) => return Err(err),
            }
        }
        self.take(next);
        if self.slot.header().caller.withdrawn_turn.load(SeqCst) == next {
            return Ok(None);
        }
        Ok(Some(self.read_request()))
    }

    /// Has the socket keep the limit, so that a wait is one system call as before.
    fn limit_wait(&mut self) {
        let nanos = self.slot.header().caller.idle_limit.load(Relaxed);
        if nanos != self.idle_limit {
            self.idle_limit = nanos;
            let limit = (nanos != 0).then(|| Duration::from_nanos(nanos));
            // One that is too long for the kernel is none.
            let _ = set_socket_timeout(&self.socket, Timeout::Recv, limit);
        }
    }

    /// After a wait that was long enough: `false` if a request came in the last moment.
    fn leave(&self) -> bool {
        let asleep = &self.slot.header().worker.asleep;
        asleep.compare_exchange(flag::ASLEEP, flag::LEFT, SeqCst, SeqCst).is_ok()
    }

    /// Says which hook runs, by its place in the registry; `None` when it has returned.
    pub(crate) fn in_hook(&self, place: Option<u32>) {
        self.slot.header().worker.hook.store(place.map_or(0, |place| place + 1), SeqCst);
    }

    /// Says whether something is left to drop at the end.
    pub(crate) fn keeps(&self, keeps: bool) {
        self.slot.header().worker.keeps.store(u32::from(keeps), Relaxed);
    }

    /// Tells the caller something that is no answer.
    pub(crate) fn tell(&self, notice: &Notice) -> io::Result<()> {
        frames::send(&self.socket, &notice.to_bytes().map_err(io::Error::other)?)
    }

    /// Takes the request that this process was forked with.
    pub(crate) fn take_at_once(&mut self) {
        self.take(FIRST_TURN);
    }

    fn take(&mut self, turn: u32) {
        self.turn = turn;
        self.taken_at = Moment::now();
        let worker = &self.slot.header().worker;
        worker.taken_at.store(self.taken_at.as_nanos(), Relaxed);
        worker.taken_turn.store(turn, SeqCst);
    }

    fn is_requested(&self, turn: u32) -> bool {
        self.slot.header().caller.request_turn.load(SeqCst) == turn
    }

    /// Waits for one frame. `false` at the end of the other side.
    fn hear(&mut self) -> io::Result<bool> {
        let frame = match frames::receive(&*self.socket, true) {
            Ok(Some(frame)) => frame,
            Ok(None) => return Ok(false),
            Err(err) if err.kind() == io::ErrorKind::ConnectionReset => return Ok(false),
            Err(err) => return Err(err),
        };
        if let Ok(Notice::Arena(said)) = Notice::from_bytes(&frame.bytes) {
            self.mapped.add(said, &frame.descriptors)?;
        }
        Ok(true)
    }

    fn read_request(&mut self) -> Result<Request, CodecError> {
        let len = self.slot.header().caller.request_len.load(Relaxed) as usize;
        let mut frame = Vec::new();
        self.slot.read_request(len, &mut frame);
        let (head, rest) = wire::split_head(&frame)?;
        let inline_at = frame.len() - rest.len();
        let head: RequestHead = codec::decode_all(head)?;
        let shared = self.arena(head.shared)?;
        let own = self.arena(head.own)?;
        Ok(Request { head, frame, inline_at, shared, own })
    }

    /// The arena of a segment; its announcement is in the socket if it is not known yet.
    fn arena(&mut self, segment: Segment) -> Result<Option<Arc<Mapping>>, CodecError> {
        let Segment::Arena { id, len } = segment else { return Ok(None) };
        let mapping = loop {
            if let Some(mapping) = self.mapped.find(id)? {
                break mapping;
            }
            let lost =
                |reason: String| CodecError::new(format!("the arguments are lost: {reason}"));
            if !self.hear().map_err(|err| lost(err.to_string()))? {
                return Err(lost("the caller is gone".to_owned()));
            }
        };
        if len > mapping.len() as u64 {
            return Err(CodecError::new("the arguments claim too much"));
        }
        Ok(Some(mapping))
    }

    /// Publishes the answer to the request that was taken last.
    pub(crate) fn answer(
        &mut self,
        mut ending: Ending,
        elapsed_nanos: u64,
        is_spent: bool,
        result: &Payload,
    ) -> io::Result<()> {
        self.mapped.forget_large();
        cuts::ending(&mut ending);
        let is_done = matches!(ending, Ending::Done);
        let result = if is_done { result } else { &Payload::new() };
        let segment = self.announced.segment(result, &*self.socket)?;
        let head = ResponseHead { ending, elapsed_nanos, is_spent, result: segment };
        let head = wire::head_to_bytes(&head).map_err(io::Error::other)?;
        let inline = if result.arena().is_some() { &[] } else { result.bytes() };
        self.slot.write_response([&head, inline]);
        self.announced.forget_large(result);
        let len = u32::try_from(head.len() + inline.len()).unwrap_or(u32::MAX);
        let header = self.slot.header();
        header.worker.response_len.store(len, Relaxed);
        header.worker.response_turn.store(self.turn, SeqCst);
        if header.caller.asleep.swap(0, SeqCst) == 1 {
            // A caller that is gone is noticed when the next request is waited for.
            let _ = frames::send(&*self.socket, &[wire::tag::WAKE]);
        }
        Ok(())
    }
}

impl Request {
    /// What all tasks of a `for` share, and the task's own arguments.
    pub(crate) fn segments(&self) -> Result<(&[u8], &[u8]), CodecError> {
        let cut = || CodecError::new("the arguments were cut short");
        let rest = self.frame.get(self.inline_at..).ok_or_else(cut)?;
        let (shared, rest) = part(self.head.shared, self.shared.as_ref(), rest).ok_or_else(cut)?;
        let (own, _) = part(self.head.own, self.own.as_ref(), rest).ok_or_else(cut)?;
        Ok((shared, own))
    }
}

fn part<'a>(
    segment: Segment,
    arena: Option<&'a Arc<Mapping>>,
    rest: &'a [u8],
) -> Option<(&'a [u8], &'a [u8])> {
    match segment {
        Segment::Inline { len } => rest.split_at_checked(len as usize),
        Segment::Arena { len, .. } => Some((arena?.bytes(usize::try_from(len).ok()?), rest)),
    }
}
