//! The worker's side: the way into the ring, for every thread of the process.

#[cfg(feature = "tokio")]
use std::cell::RefCell;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::Levels;
use super::utterance::Utterance;
use crate::channel::{WorkerEnd, send};
use crate::codec;
use crate::context::Moment;
use crate::locks::lock;
use crate::sys::process_local::ProcessLocal;
use crate::sys::ring::Ring;
use crate::wire::tag;

/// How long a task waits for room before it is said to be dropped: the caller is woken and reads, or
/// looks elsewhere.
const PATIENCE: Duration = Duration::from_millis(100);

/// The voice of this process; a process that a task forks has none.
static VOICE: ProcessLocal<Arc<Voice>> = ProcessLocal::new();

/// Which levels the caller wants now.
static LEVELS: AtomicU8 = AtomicU8::new(0);

/// The number of the request that is worked on, or was last. Beside the voice, since asking whether
/// that is this process' own costs a system call.
static TURN: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// That of a task which runs beside others, and the number of its request.
    #[cfg(feature = "tokio")]
    static IN_LANE: RefCell<Option<(Arc<Voice>, u32)>> = const { RefCell::new(None) };
}

struct Voice {
    mouth: Mutex<Mouth>,
    /// Wakes the caller.
    socket: Arc<OwnedFd>,
}

struct Mouth {
    ring: Ring,
    /// The caller did not read in time, so nobody waits for it until it has read again.
    unheard: bool,
}

/// Takes the ring of a worker, before its first task.
pub(crate) fn open(end: &mut WorkerEnd) {
    if let Some((ring, socket)) = end.take_ring() {
        VOICE.get(|| Voice::new(ring, socket));
    }
}

/// Takes the ring of a lane, on its thread. What no lane's thread says, one that a task has started, is
/// said in the first lane and in nobody's name.
#[cfg(feature = "tokio")]
pub(crate) fn open_lane(end: &mut WorkerEnd) {
    if let Some((ring, socket)) = end.take_ring() {
        let voice = Voice::new(ring, socket);
        VOICE.get(|| Arc::clone(&voice));
        IN_LANE.set(Some((voice, 0)));
    }
}

/// As [`begin`], on the thread of a lane. All have one caller, who wants the same of each.
#[cfg(feature = "tokio")]
pub(crate) fn begin_in_lane(turn: u32, levels: Levels) {
    IN_LANE.with_borrow_mut(|lane| {
        if let Some((_, present)) = lane {
            *present = turn;
        }
    });
    begin(0, levels);
}

/// Begins with the request of this number: from here on, what is recorded at these levels is said.
pub(crate) fn begin(turn: u32, levels: Levels) {
    TURN.store(turn, Relaxed);
    if LEVELS.swap(levels.bits(), Relaxed) == levels.bits() {
        return;
    }
    #[cfg(feature = "tracing")]
    super::subscriber::listen(levels);
    #[cfg(feature = "log")]
    super::logger::listen(levels);
}

/// As [`begin`], in a fork of the caller. The subscriber that the caller has installed was forked with
/// it, and would record where nobody reads: ours takes its place on this thread.
pub(crate) fn begin_in_fork<R>(turn: u32, levels: Levels, work: impl FnOnce() -> R) -> R {
    begin(turn, levels);
    #[cfg(feature = "tracing")]
    return super::subscriber::in_its_place(levels, work);
    #[cfg(not(feature = "tracing"))]
    work()
}

/// Which levels are wanted now.
#[cfg(feature = "tracing")]
pub(super) fn levels() -> Levels {
    Levels::from_bits(LEVELS.load(Relaxed))
}

/// Says something. It is there for the caller when this returns, unless it was dropped.
pub(super) fn say(utterance: &Utterance) {
    let Some(voice) = VOICE.peek() else { return };
    let Ok(bytes) = codec::to_vec(utterance) else { return };
    #[cfg(feature = "tokio")]
    if let Ok(Some((voice, turn))) = IN_LANE.try_with(|lane| lane.borrow().clone()) {
        return voice.say(turn, &bytes);
    }
    voice.say(TURN.load(Relaxed), &bytes);
}

impl Voice {
    fn new(ring: Ring, socket: Arc<OwnedFd>) -> Arc<Self> {
        Arc::new(Self { mouth: Mutex::new(Mouth { ring, unheard: false }), socket })
    }

    fn say(&self, turn: u32, bytes: &[u8]) {
        let turn = turn.to_le_bytes();
        let mut mouth = lock(&self.mouth);
        let wakes = mouth.write(&[&turn, bytes]);
        drop(mouth);
        if wakes {
            // A caller that is gone needs none.
            let _ = send(&*self.socket, &[tag::WAKE]);
        }
    }
}

impl Mouth {
    /// Writes, or waits and then writes or drops. `true` if the caller has to be woken.
    fn write(&mut self, parts: &[&[u8]]) -> bool {
        let Self { ring, unheard } = self;
        if !ring.write(parts) {
            let len = parts.iter().map(|part| part.len()).sum();
            let until = Moment::now().after(PATIENCE);
            if *unheard || !ring.wait_for_room(len, until) || !ring.write(parts) {
                *unheard = true;
                ring.count_dropped();
                return ring.must_wake_reader();
            }
        }
        *unheard = false;
        ring.must_wake_reader()
    }
}
