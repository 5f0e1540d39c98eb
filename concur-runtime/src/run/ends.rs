//! The two ends of a run: where its tasks come from, and where their outcomes go.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::codec::CodecError;
use crate::error::TaskError;
use crate::outcome::Outcome;
use crate::task::TaskSpec;

/// Where a run gets its tasks from, one at a time.
pub trait Jobs {
    /// The next task, if there is one. May panic: it runs a user's iterator.
    fn next_task(&mut self) -> Option<NextTask>;

    /// Whether the tasks come to an end by themselves.
    fn is_bounded(&self) -> bool;

    /// Whether it is known without asking for it that there is no next one.
    fn is_empty(&self) -> bool {
        false
    }
}

/// A task on its way from a source to a run.
#[derive(Debug)]
pub struct NextTask(pub(crate) TaskSpec);

/// Where a run puts what it gets.
pub(crate) trait Sink {
    fn accept(&mut self, index: usize, result: &[u8]) -> Result<(), CodecError>;
    fn fail(&mut self, index: usize, err: TaskError);

    /// A task failed for good, and the run itself keeps that until its end.
    fn set_aside(&mut self, _err: &TaskError) {}

    /// A task failed, and attempt number `next` (from 1) begins after a pause.
    fn again(&mut self, _err: &TaskError, _next: u32, _pause: Duration) {}

    /// An attempt was stopped because of something that is not its task's, and is gone.
    fn cancelled(&mut self, _index: usize, _outcome: &Outcome) {}

    /// How many outcomes wait here for somebody to take them.
    fn waiting(&self) -> usize {
        0
    }
}

/// What happens to the other tasks when one fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Policy {
    /// They are cancelled, and the run fails.
    FailFast,
    /// They go on; each failure is kept beside the values.
    Settle,
    /// They go on until one succeeds, which is enough.
    Any,
}
