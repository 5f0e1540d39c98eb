//! What a fake knows: its answers, and what was run and deferred under it.
//!
//! Owned by the fake and by every task that was built in its scope. [`outcome`] is what a run asks
//! before it launches an attempt.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use super::answer::{Answer, Value, Way};
use super::captures::{CaptureTuple, Captured};
use super::mistake::{Mistake, Told};
use crate::context::Moment;
use crate::driver::Driver;
use crate::engine::Job;
use crate::error::{Error, ErrorKind};
use crate::locks::lock;
use crate::outcome::{End, Limit, Outcome, ResultBytes, Stop};
use crate::task::TaskSpec;
use crate::task::execute::catch_panic;
use crate::task::panic::record_in_caller;

/// What a fake knows.
#[derive(Debug, Default)]
pub(crate) struct State(Mutex<Known>);

#[derive(Debug, Default)]
pub(super) struct Known {
    answers: BTreeMap<String, Answers>,
    /// Tasks without an answer run really.
    pub(super) passthrough: bool,
    /// Mistakes panic at once, and an answer that was not asked for is one.
    pub(super) strict: bool,
    pub(super) ran: Vec<Record>,
    pub(super) attempts: BTreeMap<String, usize>,
    pub(super) deferred: Vec<Record>,
    pub(super) mistakes: Vec<Mistake>,
}

/// The answers for one name.
#[derive(Debug, Default)]
struct Answers {
    /// For one attempt each, given first.
    once: VecDeque<Answer>,
    /// For every attempt after those.
    always: Option<Answer>,
    given: usize,
}

/// A task that was run or deferred.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) name: String,
    /// `None` where its captures could not be encoded.
    captured: Option<Arc<Captured>>,
}

impl State {
    /// No lock is held while code of a user runs, so one that panicked left nothing half done.
    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        lock(&self.0)
    }

    pub(super) fn give_once(&self, name: &str, answers: impl IntoIterator<Item = Answer>) {
        let answers: Vec<Answer> = answers.into_iter().collect();
        self.known().answers.entry(name.to_owned()).or_default().once.extend(answers);
    }

    pub(super) fn give_always(&self, name: &str, answer: Answer) {
        let before =
            self.known().answers.entry(name.to_owned()).or_default().always.replace(answer);
        // Without the lock: it may hold a closure of the test's.
        drop(before);
    }

    /// Notes a task that is deferred.
    fn defer(&self, spec: &TaskSpec) {
        let captured = spec
            .input
            .as_ref()
            .ok()
            .map(|input| Arc::new(Captured::new(spec.entry.types, &spec.shared, input)));
        self.known().deferred.push(Record { name: spec.name.clone().into_owned(), captured });
    }

    /// Notes an attempt, and finds the answer for it.
    fn ask(&self, job: &Job, captured: &Arc<Captured>) -> Result<Answer, String> {
        let mut known = self.known();
        if job.attempt == 1 {
            let captured = Some(Arc::clone(captured));
            known.ran.push(Record { name: job.name.clone().into_owned(), captured });
        }
        *known.attempts.entry(job.name.clone().into_owned()).or_default() += 1;
        known.answer(&job.name)
    }

    /// Notes a mistake of the test, which is the failure of this task.
    fn mistake(&self, job: &Job, kind: ErrorKind, message: String) -> Told {
        let link = if kind == ErrorKind::Config { ":" } else { "" };
        let text = format!("task `{}`{link} {message}", job.name);
        let mistake = Mistake::new(text);
        let mut known = self.known();
        known.mistakes.push(mistake.clone());
        let is_strict = known.strict;
        drop(known);
        assert!(!is_strict, "{}", mistake.text());
        Told { kind, message, mistake: Some(mistake) }
    }
}

impl Known {
    fn answer(&mut self, name: &str) -> Result<Answer, String> {
        let Some(answers) = self.answers.get_mut(name) else {
            if self.passthrough {
                return Ok(Answer::passes_through());
            }
            let known: Vec<String> = self.answers.keys().map(|name| format!("`{name}`")).collect();
            let known = if known.is_empty() { "none at all".to_owned() } else { known.join(", ") };
            return Err(format!(
                "its fake has no answer for it (there is {known}): give it one, as \
                 `fake.returns({name:?}, ..)`, or let it run, by `fake.passes_through({name:?})`"
            ));
        };
        let Some(answer) = answers.once.pop_front().or_else(|| answers.always.clone()) else {
            return Err(format!(
                "its fake has no answer left for it: this is attempt {} of tasks of this name",
                answers.given + 1
            ));
        };
        answers.given += 1;
        Ok(answer)
    }

    /// Answers that nobody asked for, each as a line.
    pub(super) fn left_over(&self) -> impl Iterator<Item = String> {
        self.answers.iter().filter_map(|(name, answers)| {
            match (answers.given, answers.once.len()) {
                (0, _) => Some(format!("task `{name}`: it has an answer and never ran")),
                (_, 0) => None,
                (given, left) => {
                    Some(format!("task `{name}`: {given} answers were given, {left} are left"))
                }
            }
        })
    }
}

impl Record {
    pub(super) fn captures<C: CaptureTuple>(&self) -> Result<C, String> {
        let unencodable = || "its captures could not be encoded".to_owned();
        self.captured.as_ref().ok_or_else(unencodable)?.decode()
    }
}

/// Takes out what is deferred under a fake: it is noted, and nobody gets it.
pub(crate) fn take_deferred(specs: &mut VecDeque<TaskSpec>, driver: &Driver) -> Result<(), Error> {
    if specs.iter().any(|spec| spec.fake.is_some()) {
        // A driver that is not there is a mistake all the same.
        crate::engines::launcher(driver)?;
    }
    specs.retain(|spec| spec.fake.as_ref().map(|fake| fake.defer(spec)).is_none());
    Ok(())
}

/// How an attempt ends that a fake answers; `None` for one that is to run really.
pub(crate) fn outcome(job: &Job) -> Option<Outcome> {
    let fake = job.fake.as_ref()?;
    let begun = Moment::now();
    let captured = Arc::new(Captured::new(job.entry.types, &job.shared, &job.input));
    let mut answer = match fake.ask(job, &captured) {
        Ok(answer) => answer,
        Err(reason) => {
            let told = fake.mistake(job, ErrorKind::Config, reason);
            return Some(Outcome::not_run(End::Told(told)));
        }
    };
    let mut began_here = None;
    let end = loop {
        match answer.0 {
            Way::PassesThrough => return None,
            Way::Decides(decide) => {
                record_in_caller();
                began_here = Some(begun);
                match catch_panic(|| job.inside(begun).enter(|| decide(&captured))) {
                    Ok(Ok(decided)) => answer = decided,
                    Ok(Err(reason)) => {
                        break End::Told(fake.mistake(
                            job,
                            ErrorKind::Decode,
                            format!("is misread by its fake: {reason}"),
                        ));
                    }
                    Err(info) => break End::Panicked(info),
                }
            }
            Way::Returns(value) => break returned(fake, job, value),
            Way::Fails(report) => break End::Failed(report),
            Way::Panics(info) => break End::Panicked(info),
            Way::TimesOut => break timed_out(job),
            Way::Dies(death, words) => {
                let memory_limit = job.settings.memory_limit;
                break End::Died { death, words, memory_limit, beside: 0 };
            }
            Way::CannotStart(reason) => break End::NotStarted(reason),
            Way::FindsNoRoom => {
                break End::Overloaded { limit: job.settings.queue_limit.unwrap_or_default() };
            }
            Way::IsCancelled => break End::Cancelled,
        }
    };
    let may_have_run = match &end {
        End::Told(Told { mistake: Some(_), .. }) => return Some(Outcome::not_run(end)),
        End::NotStarted(_) | End::Overloaded { .. } | End::Cancelled => false,
        _ => true,
    };
    // No process ran it, so none is named.
    let outcome = Outcome { end, elapsed: Moment::now().since(begun), pid: None, may_have_run };
    Some(job.within_limits(outcome, began_here))
}

fn returned(fake: &State, job: &Job, value: Value) -> End {
    let expected = (job.entry.types.result)();
    if !value.of.is(expected) {
        let reason = format!(
            "gave a result that cannot be decoded: its fake gives a value of the type `{}`, and the task \
             one of the type `{}`",
            value.of.name, expected.name
        );
        return End::Told(fake.mistake(job, ErrorKind::Decode, reason));
    }
    match value.bytes {
        Ok(bytes) => End::Done(ResultBytes::new(bytes)),
        Err(reason) => End::Unencodable(reason),
    }
}

/// The limit that the task has, as one that was passed.
fn timed_out(job: &Job) -> End {
    let stop = match job.settings.driver {
        Driver::Process | Driver::Fork => Stop::Killed,
        _ => Stop::Left,
    };
    match (job.timeout(), job.context.deadline) {
        (Some(timeout), _) => End::TimedOut(Limit::Timeout(timeout), stop),
        (None, Some(_)) => End::TimedOut(Limit::Deadline, stop),
        (None, None) => End::Told(Told {
            kind: ErrorKind::TimedOut,
            message: "ran past its timeout".to_owned(),
            mistake: None,
        }),
    }
}
