//! Tasks under way: the one place that launches, waits, times out, cancels and gathers.
//!
//! A [`Run`] is a state machine that nothing but its owner drives: [`blocking`] on the thread that
//! called `run`, [`pending`] inside the poll of a future. It asks an engine's [`Launcher`] for one
//! [`Attempt`] per task ([`launching`]) and looks at those under way, never blocking itself. One whose
//! time is over is told to stop ([`stopping`]), and what has ended is made sense of ([`concluding`]).
//!
//! The rules it keeps, whatever the engine: at most `limit` tasks at once; results in the order of
//! the input; a timeout counts from when the task started to run, a deadline from the call; under
//! fail-fast the first failure stops everything that has not finished, and the run ends when that is
//! gone; nothing is launched after that. A failure counts once the task's last attempt has failed. A
//! run inside a task that is told to stop does as after a failure.

pub(crate) mod blocking;
mod concluding;
pub(crate) mod ends;
pub(crate) mod launch;
mod launching;
pub(crate) mod pending;
mod retry;
mod stopping;
mod ticket;
mod wait;

use std::sync::Arc;
use std::task::Waker;

pub use pending::Pending;

use ends::Jobs;
pub(crate) use ends::{Policy, Sink};
pub(crate) use launch::{Attempt, Launch, Launcher, Stopped};
#[cfg(target_os = "linux")]
pub(crate) use wait::poll as poll_until;
pub(crate) use wait::{Blocking, Wait};

#[cfg(all(target_os = "linux", feature = "forward"))]
use crate::config::DeferLogLevel;
use crate::config::{Methods, Settings};
use crate::context::{Context, Moment};
use crate::driver::Driver;
use crate::error::{Error, ErrorKind, TaskError};
use crate::inside::Follower;
#[cfg(all(target_os = "linux", feature = "forward"))]
use crate::seen::Observer;
use crate::seen::{Begun, Observers, Watched};
use crate::shutdown::{self, Pass};
use ticket::{Active, Ready, Reason};

/// Tasks under way.
pub(crate) struct Run {
    methods: Methods,
    settings: Arc<Settings>,
    launcher: Arc<dyn Launcher>,
    /// Those of drivers that single tasks asked for.
    other_launchers: Vec<(Driver, Arc<dyn Launcher>)>,
    policy: Policy,
    context: Context,
    /// The task that this run is part of, if it is.
    follower: Follower,
    begun: Moment,
    deadline: Option<Moment>,
    active: Vec<Active>,
    /// Tasks that pause before another attempt, and at the most one for which its driver has no room.
    ready: Vec<Ready>,
    /// How many attempts were let in to their driver's queue or workers.
    let_in: u64,
    next_index: usize,
    /// The source has no more tasks, or is not asked any more.
    exhausted: bool,
    /// Something failed under fail-fast, or succeeded where one success is enough: nothing is
    /// launched any more.
    stopping: bool,
    /// One success was enough, and there was one.
    won: bool,
    failures: Vec<TaskError>,
    /// The run cannot go on, for a reason that is no task's.
    broken: Option<Error>,
    observers: Observers,
    _pass: Pass,
}

impl Run {
    pub(crate) fn new(methods: Methods, policy: Policy, watched: Watched) -> Result<Self, Error> {
        let pass = Pass::take()?;
        let mut settings = Settings::resolve(&methods)?;
        let launcher = crate::engines::launcher(&settings.driver)?;
        let around = Context::current();
        let nested_limit = around.nested_limit.unwrap_or(settings.nested_limit);
        if around.depth >= nested_limit {
            return Err(Error::new(
                ErrorKind::Overloaded,
                format!(
                    "blocks are nested {} deep, and the limit is {}: flatten them, or raise \
                     `nested_limit` (CONCUR_NESTED_LIMIT)",
                    around.depth + 1,
                    nested_limit
                ),
            ));
        }
        launching::lend_slot(&mut settings, around.depth);
        let follower = Follower::of(around.around);
        let begun = Moment::now();
        let own = settings.deadline.map(|limit| begun.after(limit));
        let deadline = own.into_iter().chain(around.deadline).min();
        let observers = Observers::of(&Begun {
            driver: &settings.driver,
            policy,
            watched,
            is_outermost: around.depth == 0,
            progress: methods.progress,
        });
        Ok(Self {
            context: Context {
                depth: around.depth + 1,
                deadline,
                nested_limit: Some(nested_limit),
                around: follower.around(),
            },
            follower,
            begun,
            deadline,
            methods,
            settings: Arc::new(settings),
            launcher,
            other_launchers: Vec::new(),
            policy,
            active: Vec::new(),
            ready: Vec::new(),
            let_in: 0,
            next_index: 0,
            exhausted: false,
            stopping: false,
            won: false,
            failures: Vec::new(),
            broken: None,
            observers,
            _pass: pass,
        })
    }

    /// Goes on as far as possible without waiting. `true` when the run has ended.
    pub(crate) fn advance(
        &mut self,
        jobs: &mut dyn Jobs,
        sink: &mut dyn Sink,
        waker: &mut dyn FnMut() -> Waker,
    ) -> bool {
        loop {
            if shutdown::is_cancelling() && !self.stopping {
                self.broken.get_or_insert_with(shutdown::ended);
                self.cancel(sink);
            }
            self.look(sink, waker);
            self.keep_deadline(jobs, sink);
            self.follow_its_task(sink, waker);
            if !self.launch(jobs, sink, waker) {
                break;
            }
        }
        self.active.is_empty() && (self.stopping || (self.exhausted && self.ready.is_empty()))
    }

    /// Takes the outcomes that are there, and stops what has run out of time.
    fn look(&mut self, sink: &mut dyn Sink, waker: &mut dyn FnMut() -> Waker) {
        let mut at = 0;
        while at < self.active.len() {
            let active = &self.active[at];
            self.observers.started(active.ticket.index, || active.attempt.started());
            if let Some(outcome) = self.active[at].attempt.poll(waker) {
                self.end(at, outcome, sink);
            } else if let Some(limit) = self.active[at].passed_limit() {
                self.stop(at, Reason::Limit(limit), sink);
            } else {
                at += 1;
            }
        }
    }

    /// Whether an outcome can be had at once: a cheap look, for spinning.
    pub(crate) fn is_ready(&self) -> bool {
        self.active.iter().any(|active| active.attempt.is_ready())
    }

    /// Says what to wait for. `true` if something came in between: then look again at once.
    pub(crate) fn park(&mut self, wait: &mut Wait) -> bool {
        #[cfg(target_os = "linux")]
        if !self.stopping {
            wait.heeds_shutdown = true;
        }
        let now = Moment::now();
        if !self.stopping && !self.is_past_deadline() {
            self.follower.park(wait);
        }
        for active in &mut self.active {
            if active.attempt.park(wait) {
                return true;
            }
            active.look_again(now).into_iter().for_each(|moment| wait.until(moment));
        }
        for ready in &self.ready {
            match ready.due.filter(|due| *due > now) {
                Some(due) => wait.until(due),
                // It has become due meanwhile; without room it waits for the end of another one.
                None if ready.is_kept_back => {}
                None if self.has_room_for(ready) => return true,
                None => {}
            }
        }
        self.observers.rest().into_iter().for_each(|moment| wait.until(moment));
        if let Some(deadline) = self.deadline.filter(|_| !self.stopping) {
            if deadline > now || !self.active.iter().all(|active| active.stopped.is_some()) {
                wait.until(deadline);
            }
        }
        false
    }

    /// The driver of tasks that name none of their own.
    pub(crate) fn driver(&self) -> &Driver {
        &self.settings.driver
    }

    /// One more who watches, before the run has begun.
    #[cfg(all(target_os = "linux", feature = "forward"))]
    pub(crate) fn observe(&mut self, observer: Box<dyn Observer>) {
        self.observers.add(observer);
    }

    /// What of what its tasks record is to be in the log, if they are deferred.
    #[cfg(all(target_os = "linux", feature = "forward"))]
    pub(crate) fn defer_log_level(&self) -> DeferLogLevel {
        self.settings.defer_log_level
    }

    /// The place that the next task would have.
    pub(crate) fn next_index(&self) -> usize {
        self.next_index
    }

    /// Ends a run that has not begun, for a reason that is no setting's.
    pub(crate) fn refuse(mut self, err: Error) -> Error {
        self.observers.run_ended(Err(&err));
        err
    }
}
