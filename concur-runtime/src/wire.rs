//! What the processes say to each other, as bytes: the protocol, and nothing of who speaks when.
//!
//! Four conversations. On the control socket a caller tells the fork server what to do
//! ([`Command`]). In a slot of shared memory a caller leaves a [`RequestHead`] and a worker a
//! [`ResponseHead`]. On a worker's socket both sides send short notices ([`Notice`]): wake up, here
//! is an arena, your worker has died. On a supervisor's socket a caller defers ([`Deferring`]) and hears
//! what became of it ([`News`]). Every frame has a limit that is checked before memory is asked
//! for.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError};
use crate::config::Source;
use crate::context::Moment;
use crate::forward::Levels;
use crate::hooks::failure::Fault;
use crate::outcome::{Death, Ending, LastWords};

/// Goes up with every change of what is said here.
pub(crate) const PROTOCOL: u32 = 5;

/// How the first message on a control socket begins: so the door knows a socket of ours.
pub(crate) const MAGIC: [u8; 8] = *b"concur\x01\n";

/// The longest frame on a socket.
pub(crate) const FRAME_LIMIT: usize = 64 * 1024;

/// The longest head of a request or response; what would be longer is cut before.
pub(crate) const HEAD_LIMIT: usize = 28 * 1024;

/// What a caller tells the fork server.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Command {
    /// The first message; carries the board's descriptor.
    Hello(Hello),
    /// Fork a worker; carries the worker's end of its socket. Where it runs several tasks at once, each
    /// of its lanes has a slot, and a socket that comes behind.
    Start { worker: u32, slot: u32, lanes: Vec<u32> },
    /// Kill a worker and everything it started.
    Kill { worker: u32 },
    /// From the fork server to a worker that was executed instead of forked: the first message,
    /// with its socket, its board, the way to the server, and the sockets of its lanes.
    Serve { slot: u32, level: u32, lanes: Vec<u32>, file: Option<Source> },
    /// Fork a supervisor of deferred tasks; carries its end of its socket, and the log if there is
    /// one.
    Supervise { file: Option<Source> },
}

/// What a caller tells its supervisor: run this; carries a memory file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Deferring {
    pub(crate) id: u64,
}

/// What a supervisor tells its caller of a deferral.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum News {
    /// It is in the supervisor's memory.
    Held { id: u64 },
    /// It cannot be run, and why.
    Refused { id: u64, reason: String },
    /// All of its tasks have ended; the error that they came to.
    Ended { id: u64, error: Option<Vec<u8>> },
}

/// Who calls, and what it expects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hello {
    pub(crate) protocol: u32,
    pub(crate) build: u64,
    /// How many workers the caller stands below the program: 0 for the program itself.
    pub(crate) level: u32,
    /// So many workers may run at each depth below the first, where that is set.
    pub(crate) workers: Option<u32>,
    /// What the file says that the environment names.
    pub(crate) file: Option<Source>,
}

impl Command {
    /// The first message on a socket begins with the magic word, by which the door knows it.
    pub(crate) fn to_first_bytes(&self) -> Result<Vec<u8>, CodecError> {
        Ok([&MAGIC[..], &codec::to_vec(self)?].concat())
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        codec::decode_all(bytes.strip_prefix(&MAGIC[..]).unwrap_or(bytes))
    }
}

/// Where a payload lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Segment {
    /// Right behind the head (or the segment before it).
    Inline { len: u32 },
    /// In an arena that was announced on the socket.
    Arena { id: u64, len: u64 },
}

/// A task for a worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RequestHead {
    pub(crate) entry: u32,
    pub(crate) name: String,
    pub(crate) index: u64,
    pub(crate) attempt: u32,
    pub(crate) timeout: Option<Duration>,
    /// The caller's working directory.
    pub(crate) directory: Option<Vec<u8>>,
    pub(crate) depth: u32,
    pub(crate) deadline: Option<Moment>,
    pub(crate) nested_limit: Option<u32>,
    /// How many bytes the task may ask for.
    pub(crate) memory_limit: Option<u64>,
    /// What of what the task records is to be forwarded.
    pub(crate) levels: Levels,
    /// Whether the worker ends after this task.
    pub(crate) is_last: bool,
    pub(crate) shared: Segment,
    pub(crate) own: Segment,
}

/// A worker's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ResponseHead {
    pub(crate) ending: Ending,
    pub(crate) elapsed_nanos: u64,
    /// Whether processes that the task started have ended and nobody has asked how: then the worker
    /// should go, and the server buries them.
    pub(crate) is_spent: bool,
    pub(crate) result: Segment,
}

/// Splits a frame into its head and what follows. The head's length stands first.
pub(crate) fn split_head(frame: &[u8]) -> Result<(&[u8], &[u8]), CodecError> {
    let cut = || CodecError::new("a frame was cut short");
    let (len, rest) = frame.split_first_chunk::<4>().ok_or_else(cut)?;
    let len = u32::from_le_bytes(*len) as usize;
    if len > HEAD_LIMIT {
        return Err(CodecError::new(format!("a frame claims a head of {len} bytes")));
    }
    rest.split_at_checked(len).ok_or_else(cut)
}

/// Encodes a head behind its length.
pub(crate) fn head_to_bytes<T: Serialize>(head: &T) -> Result<Vec<u8>, CodecError> {
    let head = codec::to_vec(head)?;
    let len = u32::try_from(head.len()).ok().filter(|len| *len as usize <= HEAD_LIMIT);
    let len = len.ok_or_else(|| CodecError::new("the head of a frame is too long"))?;
    Ok([&len.to_le_bytes()[..], &head].concat())
}

/// What is said on a worker's socket; a fork server says of its own hooks on its control socket.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// Look into the slot.
    Wake,
    /// An arena for payloads; carries its descriptor.
    Arena(Announcement),
    /// From the fork server: all worker slots of this depth are taken, yours comes.
    Queued,
    /// From the fork server: the worker has ended, and everything it started is gone.
    Died { pid: u32, death: Death },
    /// From the fork server: it cannot be forked.
    NotStarted(String),
    /// From the fork server: the worker that had to wait is started now.
    Unqueued,
    /// From the fork server: a hook runs in it now, by its place in the registry, or none any more.
    InHook(Option<u32>),
    /// A hook returned an error or panicked, in the worker or in the server that should fork it.
    Fault(Fault),
    /// From the worker's signal handlers.
    LastWords(LastWords),
}

/// An arena that can be mapped from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Announcement {
    pub(crate) id: u64,
    pub(crate) capacity: u64,
    /// An arena that may be forgotten.
    pub(crate) replaces: Option<u64>,
}

/// First bytes of the notices.
pub(crate) mod tag {
    pub(crate) const WAKE: u8 = b'w';
    pub(crate) const ARENA: u8 = b'a';
    pub(crate) const QUEUED: u8 = b'q';
    pub(crate) const DIED: u8 = b'd';
    pub(crate) const NOT_STARTED: u8 = b'n';
    pub(crate) const UNQUEUED: u8 = b'u';
    pub(crate) const IN_HOOK: u8 = b'h';
    pub(crate) const FAULT: u8 = b'f';
    pub(crate) const STACK_OVERFLOW: u8 = b's';
    pub(crate) const FAILED_ALLOCATION: u8 = b'm';
    pub(crate) const PANICKED: u8 = b'p';
}

impl Notice {
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, CodecError> {
        let (first, rest) = match self {
            Self::Wake => (tag::WAKE, Vec::new()),
            Self::Arena(announcement) => (tag::ARENA, codec::to_vec(announcement)?),
            Self::Queued => (tag::QUEUED, Vec::new()),
            Self::Died { pid, death } => (tag::DIED, codec::to_vec(&(pid, death))?),
            Self::NotStarted(reason) => (tag::NOT_STARTED, codec::to_vec(reason)?),
            Self::Unqueued => (tag::UNQUEUED, Vec::new()),
            Self::InHook(place) => (tag::IN_HOOK, codec::to_vec(place)?),
            Self::Fault(fault) => (tag::FAULT, codec::to_vec(fault)?),
            Self::LastWords(LastWords::StackOverflow) => (tag::STACK_OVERFLOW, Vec::new()),
            Self::LastWords(LastWords::FailedAllocation) => (tag::FAILED_ALLOCATION, Vec::new()),
            Self::LastWords(LastWords::Panicked(info)) => (tag::PANICKED, codec::to_vec(&**info)?),
        };
        let mut bytes = vec![first];
        bytes.extend(rest);
        Ok(bytes)
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        let (first, rest) =
            bytes.split_first().ok_or_else(|| CodecError::new("a notice is empty"))?;
        Ok(match *first {
            tag::WAKE => Self::Wake,
            tag::ARENA => Self::Arena(codec::decode_all(rest)?),
            tag::QUEUED => Self::Queued,
            tag::DIED => {
                let (pid, death) = codec::decode_all(rest)?;
                Self::Died { pid, death }
            }
            tag::NOT_STARTED => Self::NotStarted(codec::decode_all(rest)?),
            tag::UNQUEUED => Self::Unqueued,
            tag::IN_HOOK => Self::InHook(codec::decode_all(rest)?),
            tag::FAULT => Self::Fault(codec::decode_all(rest)?),
            tag::STACK_OVERFLOW => Self::LastWords(LastWords::StackOverflow),
            tag::FAILED_ALLOCATION => Self::LastWords(LastWords::FailedAllocation),
            tag::PANICKED => {
                Self::LastWords(LastWords::Panicked(Box::new(codec::decode_all(rest)?)))
            }
            other => return Err(CodecError::new(format!("a notice begins with {other}"))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cuts;
    use crate::error::PanicInfo;
    use crate::hooks::failure::FaultEnding;
    use crate::task::failure::Report;

    #[test]
    fn notices_come_back_as_they_were() {
        let notices = [
            Notice::Wake,
            Notice::Queued,
            Notice::Arena(Announcement { id: 7, capacity: 1 << 20, replaces: Some(3) }),
            Notice::Died { pid: 12, death: Death::Signalled(9) },
            Notice::NotStarted("no memory".to_owned()),
            Notice::Unqueued,
            Notice::InHook(Some(3)),
            Notice::InHook(None),
            Notice::Fault(Fault {
                hook: 3,
                ending: FaultEnding::Panicked(PanicInfo::from_message("boom".to_owned())),
            }),
            Notice::LastWords(LastWords::StackOverflow),
            Notice::LastWords(LastWords::FailedAllocation),
            Notice::LastWords(LastWords::Panicked(Box::new(PanicInfo::from_message(
                "boom".to_owned(),
            )))),
        ];
        for notice in notices {
            let bytes = notice.to_bytes().expect("it can be encoded");
            assert_eq!(Notice::from_bytes(&bytes).expect("it can be decoded"), notice);
        }
    }

    #[test]
    fn a_head_that_claims_too_much_is_refused() {
        let mut frame = u32::MAX.to_le_bytes().to_vec();
        frame.extend([0; 64]);
        assert!(split_head(&frame).is_err());
        assert!(split_head(&[1, 0]).is_err());
        assert!(split_head(&[9, 0, 0, 0, 1]).is_err());
    }

    #[test]
    fn endings_are_cut_at_character_boundaries() {
        let mut ending = Ending::Undecodable("ä".repeat(20_000));
        cuts::ending(&mut ending);
        let head = ResponseHead {
            ending,
            elapsed_nanos: 0,
            is_spent: false,
            result: Segment::Inline { len: 0 },
        };
        assert!(head_to_bytes(&head).is_ok());
    }

    #[test]
    fn the_longest_ending_fits_into_a_head() {
        let long = || "x".repeat(100_000);
        let mut ending = Ending::Panicked(PanicInfo {
            message: long(),
            file: Some(long()),
            line: Some(1),
            column: Some(1),
            thread: Some(long()),
            backtrace: Some(long()),
        });
        cuts::ending(&mut ending);
        let head = ResponseHead {
            ending,
            elapsed_nanos: 0,
            is_spent: false,
            result: Segment::Inline { len: 0 },
        };
        assert!(head_to_bytes(&head).is_ok());
        let mut ending = Ending::Failed(Report {
            message: long(),
            sources: vec![long(), "short".to_owned(), long()],
            permanent: false,
            value: None,
        });
        cuts::ending(&mut ending);
        let head = ResponseHead {
            ending,
            elapsed_nanos: 0,
            is_spent: false,
            result: Segment::Inline { len: 0 },
        };
        assert!(head_to_bytes(&head).is_ok());
    }
}
