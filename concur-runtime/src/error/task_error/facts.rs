//! What is known of a failure, and where it comes from: an outcome, a run that could not go on, or
//! another process.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::super::{Error, ErrorKind, PanicInfo, describe};
use super::TaskError;
#[cfg(target_os = "linux")]
use crate::codec::{self, CodecError};
use crate::hooks::failure::HookEnd;
use crate::outcome::{Death, End, LastWords, Outcome};
use crate::task::Site;
use crate::task::error_value::ErrorValue;

#[derive(Clone, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Facts {
    pub(super) task: String,
    pub(super) site: Site,
    pub(super) index: usize,
    pub(super) kind: ErrorKind,
    pub(super) message: String,
    pub(super) cause: Option<Cause>,
    pub(super) panic: Option<PanicInfo>,
    pub(super) death: Option<Death>,
    pub(super) stack_overflow: bool,
    pub(super) pid: Option<u32>,
    pub(super) attempts: u32,
    /// How the attempts before this one failed.
    #[serde(skip)]
    pub(super) earlier: Vec<TaskError>,
    pub(super) may_have_run: bool,
    /// The task said that trying again cannot help.
    pub(super) permanent: bool,
    /// There would have been another attempt, had the deadline not come before.
    pub(super) no_time_to_retry: bool,
    /// The error itself, where its type can travel.
    pub(super) value: Option<Box<ErrorValue>>,
    pub(super) elapsed: Duration,
    pub(super) driver: String,
    /// What a fake was not told, or told wrongly.
    #[cfg(feature = "testing")]
    #[serde(skip)]
    pub(super) mistake: Option<crate::testing::Mistake>,
}

/// A message of the source chain that crossed the boundary.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Cause {
    message: String,
    source: Option<Box<Cause>>,
}

impl Facts {
    /// What is told of a task of which nothing more is known.
    fn new((task, site): (&str, Site), index: usize, (kind, message): (ErrorKind, String)) -> Self {
        Self {
            task: task.to_owned(),
            site,
            index,
            kind,
            message,
            cause: None,
            panic: None,
            death: None,
            stack_overflow: false,
            pid: None,
            attempts: 0,
            earlier: Vec::new(),
            may_have_run: false,
            permanent: false,
            no_time_to_retry: false,
            value: None,
            elapsed: Duration::ZERO,
            driver: String::new(),
            #[cfg(feature = "testing")]
            mistake: None,
        }
    }

    /// Adds what an end tells besides its words.
    fn add(&mut self, end: End) {
        match end {
            End::Failed(report) => {
                self.permanent = report.permanent;
                self.value = report.value;
                self.cause = Cause::chain(report.sources);
            }
            End::Panicked(info) => self.panic = Some(info),
            End::Died { death, words, .. } => {
                self.death = Some(death);
                match words {
                    Some(LastWords::Panicked(info)) => self.panic = Some(*info),
                    Some(LastWords::StackOverflow) => self.stack_overflow = true,
                    _ => {}
                }
            }
            #[cfg(feature = "testing")]
            End::Told(told) => self.mistake = told.mistake,
            End::Hook(failure) => {
                self.panic = failure.panic().cloned();
                self.death = failure.death();
                if let HookEnd::Failed(report) = failure.end {
                    self.cause = Cause::chain(report.sources);
                }
            }
            _ => {}
        }
    }
}

impl TaskError {
    /// Tells an outcome that is not `Done`.
    pub(crate) fn from_outcome(
        task: (&str, Site),
        index: usize,
        driver: &str,
        outcome: Outcome,
    ) -> Self {
        let words = describe::outcome(&outcome.end, driver);
        let Outcome { end, elapsed, pid, may_have_run } = outcome;
        let mut facts = Facts {
            pid,
            attempts: u32::from(may_have_run),
            may_have_run,
            elapsed,
            driver: driver.to_owned(),
            ..Facts::new(task, index, (words.kind, words.message))
        };
        facts.add(end);
        Self(Box::new(facts))
    }

    /// Tells why a run could not begin, or go on, where only tasks can be told of.
    pub(crate) fn from_run(err: &Error, site: Site, index: usize) -> Self {
        let words = (err.kind(), err.to_string());
        Self(Box::new(Facts::new((site.name, site), index, words)))
    }

    /// This failure as that of attempt number `attempt`, from 1.
    pub(crate) fn of_attempt(mut self, attempt: u32) -> Self {
        self.0.attempts = attempt - 1 + u32::from(self.0.may_have_run);
        self
    }

    /// This failure as the last one, since the deadline comes before another attempt would begin.
    pub(crate) fn without_time_to_retry(mut self) -> Self {
        self.0.no_time_to_retry = true;
        self
    }

    /// This failure as the last one, after those of earlier attempts.
    pub(crate) fn with_earlier(mut self, earlier: Vec<Self>) -> Self {
        self.0.may_have_run |= !earlier.is_empty();
        self.0.earlier = earlier;
        self
    }

    /// This failure as data, without what is long: of the attempts before as many as there is room
    /// for, the last ones.
    #[cfg(target_os = "linux")]
    pub(crate) fn to_data(&self) -> Result<Vec<u8>, CodecError> {
        let mut room = LARGEST_EARLIER;
        let earlier = self.0.earlier.iter().rev().map_while(|err| {
            let data = codec::to_vec(&err.short_facts()).ok()?;
            room = room.checked_sub(data.len())?;
            Some(data)
        });
        let mut earlier: Vec<Vec<u8>> = earlier.collect();
        earlier.reverse();
        codec::to_vec(&(self.short_facts(), earlier))
    }

    #[cfg(target_os = "linux")]
    fn short_facts(&self) -> Facts {
        let mut facts = (*self.0).clone();
        if let Some(panic) = &mut facts.panic {
            panic.backtrace = None;
        }
        facts
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn from_data(data: &[u8]) -> Result<Self, CodecError> {
        let (mut facts, earlier): (Facts, Vec<Vec<u8>>) = codec::decode_all(data)?;
        let of_facts = |data: &Vec<u8>| Ok(Self(Box::new(codec::decode_all(data)?)));
        facts.earlier = earlier.iter().map(of_facts).collect::<Result<_, CodecError>>()?;
        Ok(Self(Box::new(facts)))
    }
}

/// So much of a failure's data tells of the attempts before.
#[cfg(target_os = "linux")]
const LARGEST_EARLIER: usize = 8 * 1024;

impl Cause {
    fn chain(messages: Vec<String>) -> Option<Self> {
        messages
            .into_iter()
            .rev()
            .fold(None, |source, message| Some(Self { message, source: source.map(Box::new) }))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Cause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|cause| &**cause as &(dyn std::error::Error + 'static))
    }
}
