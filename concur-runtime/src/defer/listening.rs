//! What deferred tasks record for `tracing` and `log`, on its way into the log of their deferral.
//!
//! A supervisor has no subscriber and no logger to hand it on to. So it watches its runs, as spans and
//! bars do, and gives each attempt a [`Journal`] to be looked at with. That says which levels are wanted
//! of the worker, and `forward` writes there what comes. Without a log there is none, and nothing is
//! asked for.

use std::sync::Arc;

use super::log::{About, Log};
use crate::config::DeferLogLevel;
use crate::context::Moment;
use crate::error::Error;
use crate::forward::{Levels, Spoken};
use crate::seen::{Ended, Launched, Observer, View};

/// Gives the attempts of a run their journals.
pub(super) struct Listening {
    log: Arc<Log>,
    /// How the log names each task.
    about: Vec<About>,
    levels: Levels,
}

impl Listening {
    /// `None` where nothing is wanted.
    pub(super) fn begin(log: &Arc<Log>, about: Vec<About>, level: DeferLogLevel) -> Option<Self> {
        let wanted = |is_there| if is_there { level.number() } else { 0 };
        let levels = Levels::new(wanted(cfg!(feature = "tracing")), wanted(cfg!(feature = "log")));
        let is_wanted = level != DeferLogLevel::Off && log.is_kept();
        is_wanted.then(|| Self { log: Arc::clone(log), about, levels })
    }
}

impl Observer for Listening {
    fn launched(&mut self, attempt: &Launched<'_>, view: &mut View) {
        if let Some(about) = self.about.get(attempt.index) {
            view.write_into(Journal {
                log: Arc::clone(&self.log),
                about: *about,
                levels: self.levels,
            });
        }
    }

    fn started(&mut self, _index: usize, _when: Moment) {}

    fn ended(&mut self, _ended: &Ended<'_>) {}

    fn run_ended(&mut self, _result: Result<(), &Error>) {}

    fn rest(&mut self) -> Option<Moment> {
        None
    }
}

/// Where what an attempt records is written.
#[derive(Clone)]
pub(crate) struct Journal {
    log: Arc<Log>,
    about: About,
    levels: Levels,
}

impl Journal {
    /// What is wanted.
    pub(crate) fn levels(&self) -> Levels {
        self.levels
    }

    /// Writes what the worker `pid` has said: in the name of a task, or, if that is over, in its own.
    pub(crate) fn write(&self, task: Option<&str>, pid: u32, spoken: &Spoken<'_>) {
        match task {
            Some(task) => self.log.recorded(self.about, task, pid, spoken),
            None => self.log.recorded_after(self.about.deferral, pid, spoken),
        }
    }
}
