//! Where the outcomes of deferred tasks go: to the log, to the hook for failures, and, as failures
//! alone, to whoever waits.
//!
//! It keeps of each task whether its end was told. So at the end of the run, whatever ended it, those
//! that are left are known and told as well: each task has one line that says what became of it.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::Names;
#[cfg(all(target_os = "linux", feature = "forward"))]
use super::listening::Listening;
use super::log::{About, Cut, Log};
use crate::codec::CodecError;
use crate::error::{Error, TaskError};
use crate::outcome::Outcome;
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
    tasks: Vec<Told>,
    failures: Vec<TaskError>,
    on_failure: Telling,
}

/// What was told of a task.
struct Told {
    name: String,
    /// Whether another task of the deferral has its name.
    is_one_of_many: bool,
    /// How far it has come; `None` once its end was told.
    left: Option<Cut>,
}

/// What is done with a failure, besides the line in the log.
pub(crate) enum Telling {
    /// It is told here and now.
    Now(fn(&TaskError)),
    /// It is kept, for who drives the run.
    Kept(Vec<TaskError>),
    /// Nothing: it is that of a hook, which is told of in the log only where it goes wrong.
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
        let names = Names::of(&specs);
        if !matches!(on_failure, Telling::Nothing) {
            log.held(id, &names);
        }
        let report = Report::of(id, log, &names, on_failure);
        Self { id, run, jobs: Queue(specs), report }
    }

    /// What it comes to, once the run has ended.
    pub(crate) fn conclude(&mut self) -> Result<(), Error> {
        let result = self.run.conclusion();
        match &result {
            // One success was enough for some.
            Ok(()) => {
                self.report.cut_off("another task of the deferral succeeded, which is enough");
            }
            Err(err) => self.report.cut_off(&err.to_string()),
        }
        let failures = std::mem::take(&mut self.report.failures);
        match result {
            Err(err) if err.failures().is_empty() => Err(err.with_failures(failures)),
            // These the run has kept. It has none, where one success was enough.
            Err(err) => {
                err.failures().iter().for_each(|failure| self.report.tell_hooks(failure));
                Err(err)
            }
            Ok(()) if failures.is_empty() => Ok(()),
            Ok(()) => Err(Error::of_tasks(failures)),
        }
    }
}

#[cfg(target_os = "linux")]
impl Going {
    /// From now on the log has what its tasks record, too, if there is a log.
    #[cfg(feature = "forward")]
    pub(crate) fn listen(&mut self) {
        let Report { log, tasks, .. } = &self.report;
        let about = (0..tasks.len()).map(|index| self.report.about(index)).collect();
        let level = self.run.defer_log_level();
        let ear = Listening::begin(log, about, level);
        if let Some(ear) = ear {
            self.run.observe(Box::new(ear));
        }
    }

    #[cfg(not(feature = "forward"))]
    #[expect(clippy::unused_self, reason = "nothing is forwarded")]
    pub(crate) fn listen(&mut self) {}
}

/// None of a deferral's tasks runs, because it was refused.
#[cfg(target_os = "linux")]
pub(super) fn refused(id: u64, names: &Names, reason: &str) {
    // That it cannot be opened is told by the next one who defers.
    let Ok(log) = Log::open() else { return };
    let log = Arc::new(Log::to(log));
    Report::of(id, log, names, Telling::Nothing).cut_off(&format!("it was refused: {reason}"));
}

impl Report {
    /// Of tasks none of which has begun.
    fn of(id: u64, log: Arc<Log>, names: &Names, on_failure: Telling) -> Self {
        let mut seen = HashSet::new();
        let twice: HashSet<&str> = names.each().filter(|name| !seen.insert(*name)).collect();
        let told = names.each().map(|name| Told {
            name: name.to_owned(),
            is_one_of_many: twice.contains(name),
            left: Some(Cut::NotStarted),
        });
        Self { id, log, tasks: told.collect(), failures: Vec::new(), on_failure }
    }

    fn about(&self, index: usize) -> About {
        let task = self.tasks.get(index);
        let item = task.is_some_and(|task| task.is_one_of_many).then_some(index);
        About { deferral: self.id, item }
    }

    /// Notes how far a task has come; `None` for its end.
    fn note(&mut self, index: usize, left: Option<Cut>) {
        if let Some(task) = self.tasks.get_mut(index) {
            task.left = left;
        }
    }

    /// Tells the ends of those tasks that have none so far.
    fn cut_off(&mut self, why: &str) {
        for index in 0..self.tasks.len() {
            if let Some(left) = self.tasks[index].left.take() {
                self.log.cut(self.about(index), &self.tasks[index].name, left, why);
            }
        }
    }

    fn tell_hooks(&mut self, err: &TaskError) {
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

/// Nobody drives the run any more.
impl Drop for Report {
    fn drop(&mut self) {
        self.cut_off("what was to run it has ended");
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
        self.note(index, None);
        if !matches!(self.on_failure, Telling::Nothing) {
            let name = self.tasks.get(index).map_or("?", |task| &task.name);
            self.log.done(self.about(index), name);
        }
        Ok(())
    }

    fn fail(&mut self, _index: usize, err: TaskError) {
        self.set_aside(&err);
        self.tell_hooks(&err);
        self.failures.push(err);
    }

    fn set_aside(&mut self, err: &TaskError) {
        self.note(err.index(), None);
        self.log.failed(self.about(err.index()), err);
    }

    fn again(&mut self, err: &TaskError, next: u32, pause: Duration) {
        self.note(err.index(), Some(Cut::Between));
        self.log.again(self.about(err.index()), err, next, pause);
    }

    fn cancelled(&mut self, index: usize, outcome: &Outcome) {
        if outcome.may_have_run {
            self.note(index, Some(Cut::Running(outcome.elapsed, outcome.pid)));
        }
    }
}
