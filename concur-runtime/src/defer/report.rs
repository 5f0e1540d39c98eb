//! Where the outcomes of deferred tasks go: to the log, to the hook for failures, and, as failures
//! alone, to whoever waits.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

use super::log::Log;
use crate::codec::CodecError;
use crate::error::{Error, TaskError};
use crate::run::ends::{Jobs, NextTask};
use crate::run::{Run, Sink};
use crate::task::TaskSpec;

/// The tasks of a deferral under way.
pub(crate) struct Going {
    pub(crate) id: u64,
    pub(crate) run: Run,
    pub(crate) jobs: Queue,
    pub(crate) report: Report,
}

/// What became of the tasks so far.
pub(crate) struct Report {
    id: u64,
    log: Arc<Log>,
    names: Vec<Cow<'static, str>>,
    failures: Vec<TaskError>,
    on_failure: Telling,
}

/// What is done with a failure, besides the line in the log.
pub(crate) enum Telling {
    /// It is told here and now.
    Now(fn(&TaskError)),
    /// It is kept, for who drives the run.
    Kept(Vec<TaskError>),
    /// Nothing: it is that of a hook.
    Nothing,
}

/// Tasks in the order in which they were deferred.
pub(crate) struct Queue(VecDeque<TaskSpec>);

impl Going {
    pub(crate) fn new(
        id: u64,
        run: Run,
        specs: VecDeque<TaskSpec>,
        log: Arc<Log>,
        on_failure: Telling,
    ) -> Self {
        log.held(id, &super::names(&specs));
        let names = specs.iter().map(|spec| spec.name.clone()).collect();
        let report = Report { id, log, names, failures: Vec::new(), on_failure };
        Self { id, run, jobs: Queue(specs), report }
    }

    /// What it comes to, once the run has ended.
    pub(crate) fn conclude(&mut self) -> Result<(), Error> {
        if let Err(err) = self.run.conclusion() {
            for failure in err.failures() {
                self.report.tell(failure);
            }
            if err.failures().is_empty() {
                self.report.log.broken(self.id, &err);
            }
            return Err(err);
        }
        let failures = std::mem::take(&mut self.report.failures);
        if failures.is_empty() { Ok(()) } else { Err(Error::of_tasks(failures)) }
    }
}

impl Report {
    fn tell(&mut self, err: &TaskError) {
        self.log.failed(self.id, err);
        match &mut self.on_failure {
            Telling::Now(tell) => tell(err),
            Telling::Kept(kept) => kept.push(err.clone()),
            Telling::Nothing => {}
        }
    }

    /// The failures that were kept since this was asked last.
    #[cfg(target_os = "linux")]
    pub(crate) fn take_kept(&mut self) -> Vec<TaskError> {
        match &mut self.on_failure {
            Telling::Kept(kept) => std::mem::take(kept),
            _ => Vec::new(),
        }
    }
}

impl Jobs for Queue {
    fn next_task(&mut self) -> Option<NextTask> {
        self.0.pop_front().map(NextTask)
    }

    fn is_bounded(&self) -> bool {
        true
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Sink for Report {
    fn accept(&mut self, index: usize, _result: &[u8]) -> Result<(), CodecError> {
        self.log.done(self.id, self.names.get(index).map_or("?", |name| name));
        Ok(())
    }

    fn fail(&mut self, _index: usize, err: TaskError) {
        self.tell(&err);
        self.failures.push(err);
    }
}
