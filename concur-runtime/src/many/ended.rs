//! Tasks that have ended and wait to be asked for: what `iter` and `stream` give out.

use std::collections::VecDeque;

use crate::codec::{self, CodecError};
use crate::error::{Error, ErrorKind, TaskError};
use crate::run::{Run, Sink};
use crate::task::Site;
use crate::task::body::Returned;

/// The place of an item and what became of it.
pub(super) type Outcome<T> = (usize, Result<T, TaskError>);

/// Outcomes in the order in which they came.
pub(super) struct Ended<T>(VecDeque<Outcome<T>>);

impl<T> Ended<T> {
    /// Nothing has ended yet; or, where the run cannot begin, that is all there is to tell.
    pub(super) fn of(run: Result<Run, Error>, site: Site) -> (Option<Run>, Self) {
        match run {
            Ok(run) => (Some(run), Self(VecDeque::new())),
            Err(err) => (None, Self(VecDeque::from([(0, Err(told_by_task(&err, site, 0)))]))),
        }
    }

    pub(super) fn next(&mut self) -> Option<Outcome<T>> {
        self.0.pop_front()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A run that has ended for a reason that is no task's gives that as its last outcome.
    pub(super) fn conclude(&mut self, run: &mut Run, site: Site) {
        if let Err(err) = run.conclusion() {
            let index = run.next_index();
            self.0.push_back((index, Err(told_by_task(&err, site, index))));
        }
    }
}

/// What ended a run, in words that follow the name of a task.
fn told_by_task(err: &Error, site: Site, index: usize) -> TaskError {
    if err.kind() == ErrorKind::Cancelled {
        let err = Error::new(ErrorKind::Cancelled, format!("was cancelled: {err}"));
        return TaskError::from_run(&err, site, index);
    }
    TaskError::from_run(err, site, index)
}

impl<T: Returned> Sink for Ended<T> {
    fn accept(&mut self, index: usize, result: &[u8]) -> Result<(), CodecError> {
        self.0.push_back((index, Ok(codec::decode_all(result)?)));
        Ok(())
    }

    fn fail(&mut self, index: usize, err: TaskError) {
        self.0.push_back((index, Err(err)));
    }

    fn waiting(&self) -> usize {
        self.0.len()
    }
}
