//! What tasks record for `tracing` and `log` while they run in a worker, on its way to the caller.
//!
//! A worker has not run `main`, so the subscriber or logger that `main` has installed is not there, and
//! what a task records would go nowhere. The caller says with each request which levels it wants
//! ([`Levels`]). The worker then has a subscriber and a logger of ours (`subscriber`, `logger`; the
//! user's own, installed by a hook, come first), which write each event as an [`Utterance`] into a ring
//! that both share (`speak`, `sys/ring.rs`): no system call while the caller is awake, and what was
//! recorded before a crash is there after it. The caller looks into the ring whenever it looks at the
//! attempt, and before it takes its outcome (`relay`), and hands on what it finds, inside the task's
//! span, as if it had been recorded here (`callsites`). What a deferred task records becomes text instead
//! (`plain`), for the log of its deferral.
//!
//! The ring has a bound. A task that finds it full waits a moment for the caller; if the caller does
//! not read, what finds no room is dropped and counted, and the count is told. So a task is never held
//! up for long by a caller who looks elsewhere.

#[cfg(feature = "tracing")]
mod callsites;
#[cfg(feature = "tracing")]
mod from_log;
#[cfg(feature = "log")]
mod logger;
#[cfg(feature = "forward")]
mod plain;
#[cfg(feature = "forward")]
mod relay;
#[cfg(feature = "forward")]
mod short;
#[cfg(feature = "forward")]
mod speak;
#[cfg(feature = "tracing")]
mod subscriber;
#[cfg(feature = "forward")]
mod utterance;

#[cfg(feature = "forward")]
pub(crate) use plain::Spoken;
#[cfg(feature = "forward")]
pub(crate) use relay::relay;
#[cfg(feature = "forward")]
pub(crate) use speak::{begin, begin_in_fork, open};
#[cfg(all(feature = "forward", feature = "tokio"))]
pub(crate) use speak::{begin_in_lane, open_lane};

use serde::{Deserialize, Serialize};

/// Which levels somebody wants in the caller: 0 for none to 5 for all, for `tracing` in the lower half
/// and for `log` in the upper.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Levels(u8);

#[cfg_attr(not(feature = "forward"), expect(dead_code, reason = "nothing is forwarded"))]
impl Levels {
    pub(crate) const fn new(tracing: u8, log: u8) -> Self {
        Self(tracing | log << 4)
    }

    #[cfg(feature = "tracing")]
    pub(crate) const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    pub(crate) const fn bits(self) -> u8 {
        self.0
    }

    #[cfg(feature = "tracing")]
    pub(crate) const fn tracing(self) -> u8 {
        self.0 & 0xf
    }

    #[cfg(feature = "log")]
    pub(crate) const fn log(self) -> u8 {
        self.0 >> 4
    }
}

#[cfg(not(feature = "forward"))]
mod silent {
    //! Without the features nothing is forwarded, and this is all that is left of it.

    use super::Levels;
    use crate::channel::{CallerEnd, WorkerEnd};
    use crate::engine::Job;

    #[inline]
    pub(crate) fn open(_end: &mut WorkerEnd) {}

    #[inline]
    pub(crate) fn begin(_turn: u32, _levels: Levels) {}

    #[cfg(feature = "tokio")]
    #[inline]
    pub(crate) fn open_lane(_end: &mut WorkerEnd) {}

    #[cfg(feature = "tokio")]
    #[inline]
    pub(crate) fn begin_in_lane(_turn: u32, _levels: Levels) {}

    #[inline]
    pub(crate) fn begin_in_fork<R>(_turn: u32, _levels: Levels, work: impl FnOnce() -> R) -> R {
        work()
    }

    #[inline]
    pub(crate) fn relay(_end: &mut CallerEnd, _job: &Job) {}
}

#[cfg(not(feature = "forward"))]
pub(crate) use silent::{begin, begin_in_fork, open, relay};
#[cfg(all(not(feature = "forward"), feature = "tokio"))]
pub(crate) use silent::{begin_in_lane, open_lane};
