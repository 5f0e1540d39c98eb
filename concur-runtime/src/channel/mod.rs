//! Between a caller and one worker: a slot of shared memory for requests and responses, and a socket
//! for waking, descriptors and the end of the other side.
//!
//! Turns. A request is written into the slot and published by its turn number; the worker stores the
//! number as taken, runs the task, writes the response and publishes it under the same number. So
//! each side knows at any moment how far the other has come, also when it is dead: a request that was
//! not taken can be given to another worker, and a response that is there counts, whatever happened
//! to the worker since.
//!
//! Stopping. A caller that wants its task to stop says so in the slot, where the task may look, and
//! takes it back with the next request. A task that wants time to end says how much, with the number
//! of its request, so that it is never taken for that of another.
//!
//! Waking. A side that waits spins for a moment, then says in the slot that it sleeps, looks once
//! more, and blocks on the socket. A side that publishes takes the other's flag down and sends a
//! notice if it was up. All four steps are sequentially consistent, so either the sleeper sees the
//! turn or the publisher sees the flag.
//!
//! Leaving. A worker that has waited for as long as its caller allows turns the same flag from asleep
//! to left, and ends; whoever publishes turns it to awake first and so sees which of the two it was.
//! A request that was published to one that had left was not taken, and goes to another.

mod arenas;
mod board;
mod caller;
mod frames;
pub(crate) mod grace;
mod serving;

pub(crate) use board::Board;
#[cfg(feature = "forward")]
pub(crate) use caller::Overheard;
pub(crate) use caller::{CallerEnd, Heard};
pub(crate) use frames::{close_on_exec_pair, drain, receive, send, send_with};
pub(crate) use serving::{Request, WorkerEnd};

use std::time::Duration;

/// The number of the first request in a slot.
const FIRST_TURN: u32 = 1;

/// What a worker does, in the flag that both sides turn.
mod flag {
    pub(super) const AWAKE: u32 = 0;
    pub(super) const ASLEEP: u32 = 1;
    pub(super) const LEFT: u32 = 2;
}

/// How long a side looks before it sleeps. A wake-up costs more than this; a longer look would take
/// the processor from the task it waits for.
pub(crate) const SPIN: Duration = Duration::from_micros(20);

/// Looks for `SPIN`, giving the processor away between looks.
pub(crate) fn spin_until(mut ready: impl FnMut() -> bool) -> bool {
    let start = crate::context::Moment::now();
    loop {
        for _ in 0..32 {
            if ready() {
                return true;
            }
            std::hint::spin_loop();
        }
        if crate::context::Moment::now().since(start) > SPIN {
            return false;
        }
        std::thread::yield_now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::Payload;
    use crate::sys::memory::Slot;
    use crate::wire::{RequestHead, Segment};

    /// Both ends of one channel, with a request in it.
    fn requested() -> (CallerEnd, WorkerEnd) {
        let board = Board::create().expect("there is memory");
        let place = board.place().expect("there is room");
        let slot = Slot::map(board.file(), place.index()).expect("it is in the file");
        let (ours, theirs) = close_on_exec_pair().expect("there are descriptors");
        let (mut caller, worker) = (CallerEnd::new(place, ours), WorkerEnd::new(slot, theirs));
        // This process is no worker beside that.
        crate::sys::own_slot::forget();
        let nothing = Segment::Inline { len: 0 };
        let head = RequestHead {
            entry: 0,
            name: "task".to_owned(),
            index: 0,
            attempt: 1,
            timeout: None,
            directory: None,
            depth: 1,
            deadline: None,
            nested_limit: None,
            memory_limit: None,
            levels: crate::forward::Levels::default(),
            is_last: false,
            shared: nothing,
            own: nothing,
        };
        caller.send(head, &Payload::new(), &Payload::new()).expect("there is room");
        (caller, worker)
    }

    #[test]
    fn a_request_that_was_taken_back_never_runs() {
        let (caller, mut worker) = requested();
        assert!(caller.withdraw());
        assert!(matches!(worker.next(), Ok(None)));
    }

    #[test]
    fn a_request_that_was_taken_cannot_be_taken_back() {
        let (caller, mut worker) = requested();
        assert!(matches!(worker.next(), Ok(Some(Ok(_)))));
        assert!(!caller.withdraw());
    }
}
