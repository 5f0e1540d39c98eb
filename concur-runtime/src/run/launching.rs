//! Which task of a run is launched next, where, and whether there is room for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Waker;

use super::ends::{Jobs, NextTask};
use super::ticket::{Active, Ready, Ticket};
use super::{Launch, Launcher, Run, Sink};
use crate::config::{Settings, WhenFull};
use crate::context::{Context, Moment};
use crate::driver::Driver;
use crate::engine::Job;
use crate::error::{Error, ErrorKind};
use crate::outcome::{End, Outcome};
use crate::seen::View;
use crate::task::{TaskSpec, panic};

impl Run {
    /// Launches one task, if there is one and room for it. `true` if it is worth looking again.
    pub(super) fn launch(
        &mut self,
        jobs: &mut dyn Jobs,
        sink: &mut dyn Sink,
        waker: &mut dyn FnMut() -> Waker,
    ) -> bool {
        if self.stopping {
            return false;
        }
        let next = match self.next_due(jobs, sink) {
            Next::Found(ready) => Some(*ready),
            Next::None => return false,
            Next::FromSource => self.next_ready(jobs, sink),
        };
        let Some(ready) = next else {
            if self.stopping {
                self.cancel(sink);
            }
            return false;
        };
        if !self.has_room_for(&ready) {
            self.ready.push(ready);
            return false;
        }
        // What a full queue gave back was told of already, and let through by who was asked.
        let Ready { ticket, mut job, is_kept_back, .. } = ready;
        let again = ticket.has_another().then(|| job.clone());
        let launcher = match self.launcher(&ticket.settings) {
            Ok(launcher) => launcher,
            Err(err) => {
                self.conclude(ticket, None, Outcome::not_run(End::Misconfigured(err)), sink);
                return true;
            }
        };
        if !is_kept_back {
            job.view = self.observers.launched(&ticket.launched());
        }
        #[cfg(feature = "testing")]
        if let Some(outcome) = (!is_kept_back).then(|| crate::testing::outcome(&job)).flatten() {
            self.conclude(ticket, again, outcome, sink);
            return true;
        }
        match launcher.launch(job, self.may_overfill(&ticket.settings), waker) {
            Launch::Started(attempt) => {
                self.let_in += 1;
                self.active.push(Active { ticket, attempt, again, stopped: None });
            }
            Launch::Ended(outcome) => self.conclude(ticket, again, outcome, sink),
            Launch::Full(job) => return self.keep_back(ticket, *job, sink),
        }
        true
    }

    /// Where the queue is full, one task of the run may wait in it all the same: so the run is woken
    /// when there is room. Not that of a run which shall fail then, unless it was let in before.
    fn may_overfill(&self, settings: &Settings) -> bool {
        let waits = |active: &Active| {
            active.ticket.settings.driver == settings.driver && active.attempt.is_waiting()
        };
        match settings.when_full {
            WhenFull::Fail if self.let_in == 0 => false,
            _ => !self.active.iter().any(waits),
        }
    }

    /// A task for which there is no room in the queue. `true` if it is worth looking again.
    fn keep_back(&mut self, ticket: Ticket, job: Job, sink: &mut dyn Sink) -> bool {
        if self.let_in > 0 || ticket.settings.when_full == WhenFull::Wait {
            self.ready.push(Ready { ticket, job, due: None, is_kept_back: true });
            return false;
        }
        let limit = ticket.settings.queue_limit.unwrap_or_default();
        self.conclude(ticket, None, Outcome::not_run(End::Overloaded { limit }), sink);
        true
    }

    /// A task that waited and may go now; or where else to look for one.
    fn next_due(&mut self, jobs: &dyn Jobs, sink: &dyn Sink) -> Next {
        if !self.ready.is_empty() {
            let now = Moment::now();
            let is_due = |ready: &Ready| ready.due.is_none_or(|due| due <= now);
            if let Some(at) = self.ready.iter().position(is_due) {
                if !self.has_room_for(&self.ready[at]) {
                    return Next::None;
                }
                return Next::Found(Box::new(self.ready.swap_remove(at)));
            }
        }
        if jobs.is_empty() {
            // Needs no room; to know how much there is may take a look at files.
            return Next::FromSource;
        }
        let active = self.active.len();
        // What nobody has taken yet counts half: a slow consumer gets a store, and not an endless one.
        // Those that pause for another attempt have a bound of their own.
        // Whether the next one shares its worker is seen when it is there.
        let lanes = self.settings.lanes(true);
        let has_room = [active, active.midpoint(sink.waiting()), self.ready.len()]
            .into_iter()
            .all(|count| self.settings.has_room_beside(count, lanes));
        if has_room { Next::FromSource } else { Next::None }
    }

    /// Whether this task may be under way as well: tasks of other drivers do not take its driver's
    /// room, and those that share a worker not that of those that do not.
    pub(super) fn has_room_for(&self, ready: &Ready) -> bool {
        let (settings, lanes) = (&ready.ticket.settings, ready.ticket.lanes());
        let total = self.active.len();
        if self.settings.limit.is_some_and(|limit| total >= limit) {
            return false;
        }
        let beside = |active: &&Active| {
            let ticket = &active.ticket;
            ticket.settings.driver == settings.driver && (ticket.lanes() > 1) == (lanes > 1)
        };
        settings.has_room_beside(self.active.iter().filter(beside).count(), lanes)
    }

    fn launcher(&mut self, settings: &Settings) -> Result<Arc<dyn Launcher>, Error> {
        if settings.driver == self.settings.driver {
            return Ok(Arc::clone(&self.launcher));
        }
        let known = self.other_launchers.iter().find(|(driver, _)| *driver == settings.driver);
        if let Some((_, launcher)) = known {
            return Ok(Arc::clone(launcher));
        }
        let launcher = crate::engines::launcher(&settings.driver)?;
        self.other_launchers.push((settings.driver.clone(), Arc::clone(&launcher)));
        Ok(launcher)
    }

    pub(super) fn ticket(&self, index: usize, spec: &TaskSpec, settings: Arc<Settings>) -> Ticket {
        let own_limit = settings.deadline.filter(|_| spec.options.is_some());
        Ticket {
            index,
            name: spec.name.clone(),
            site: spec.site,
            is_async: spec.entry.is_async,
            deadline: own_limit.map(|limit| self.begun.after(limit)),
            settings,
            attempt: 1,
            earlier: Vec::new(),
        }
    }

    /// The settings of a task: those of the run, unless something is said of the task itself.
    fn settings_of(&self, spec: &TaskSpec) -> Result<Arc<Settings>, Error> {
        spec.check_name()?;
        let Some(options) = &spec.options else { return Ok(Arc::clone(&self.settings)) };
        let mut settings = Settings::of_task(&self.methods, options)?;
        lend_slot(&mut settings, self.context.depth - 1);
        Ok(Arc::new(settings))
    }

    /// The next task of the source, ready to be launched; those that cannot be end here.
    fn next_ready(&mut self, jobs: &mut dyn Jobs, sink: &mut dyn Sink) -> Option<Ready> {
        while !self.stopping {
            let (index, spec) = self.next_task(jobs)?;
            let settings = self.settings_of(&spec);
            let refused = settings.as_ref().err().cloned();
            let settings = settings.unwrap_or_else(|_| Arc::clone(&self.settings));
            let ticket = self.ticket(index, &spec, settings);
            let end = match (spec.input, refused) {
                (Ok(input), None) => {
                    let deadline = ticket.deadline.into_iter().chain(self.context.deadline).min();
                    let job = Job {
                        name: spec.name,
                        index,
                        attempt: ticket.attempt,
                        entry: spec.entry,
                        shared: spec.shared,
                        input: Arc::new(input),
                        context: Context { deadline, ..self.context.clone() },
                        settings: Arc::clone(&ticket.settings),
                        told: None,
                        asked: None,
                        #[cfg(feature = "testing")]
                        fake: spec.fake,
                        view: View::default(),
                    };
                    return Some(Ready { ticket, job, due: None, is_kept_back: false });
                }
                (Err(err), _) => End::NotSent(err.to_string()),
                (_, Some(err)) => End::Misconfigured(err),
            };
            self.conclude(ticket, None, Outcome::not_run(end), sink);
        }
        None
    }

    /// Asks the source, which may be an iterator that panics.
    pub(super) fn next_task(&mut self, jobs: &mut dyn Jobs) -> Option<(usize, TaskSpec)> {
        if self.exhausted {
            return None;
        }
        let index = self.next_index;
        match catch_unwind(AssertUnwindSafe(|| jobs.next_task())) {
            Ok(Some(NextTask(spec))) => {
                self.next_index += 1;
                return Some((index, spec));
            }
            Ok(None) => {}
            Err(payload) => {
                let message = panic::message(&*payload);
                panic::discard(payload);
                self.broken.get_or_insert(Error::new(
                    ErrorKind::Panicked,
                    format!("the input panicked when it was asked for item {index}: {message}"),
                ));
                self.stopping = true;
            }
        }
        self.exhausted = true;
        None
    }
}

/// Where the next task comes from.
enum Next {
    Found(Box<Ready>),
    FromSource,
    /// There is no room for one.
    None,
}

/// A fork that waits for forks lends them its slot and no more, or each depth would multiply the
/// processes of the one above.
pub(super) fn lend_slot(settings: &mut Settings, depth: u32) {
    if settings.driver == Driver::Fork && depth > 0 {
        settings.limit = Some(1);
    }
}
