//! How many tasks of a driver are under way in this process, over all runs: never more than `workers`
//! at each depth, so that blocks inside tasks wait for those below them only.
//!
//! For drivers Fork and Thread; the workers of driver Process are counted by its pool. A task on a
//! thread shares the process with those who wait: threads that it has started itself may run blocks
//! for which it waits, and nobody can see that. So on threads who has waited for a second in which
//! none ended is let in all the same. A fork waits for nobody in this process.

use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Waker;
use std::time::Duration;

use super::queue::{Place, Queue};
use crate::config::Settings;
use crate::context::Moment;
use crate::driver::Driver;
use crate::engine::Job;
use crate::locks::lock;
use crate::outcome::Outcome;
use crate::run::{Attempt, Launch, Launcher, Stopped, Wait};

/// Who waits on threads this long, while no task ends, is let in.
const STANDSTILL: Duration = Duration::from_secs(1);

/// An engine behind a gate.
pub(super) struct Gated<L> {
    engine: Arc<L>,
}

impl<L: Launcher + 'static> Gated<L> {
    pub(super) fn new(engine: L) -> Self {
        Self { engine: Arc::new(engine) }
    }
}

impl<L: Launcher + 'static> Launcher for Gated<L> {
    fn launch(&self, job: Job, overfill: bool, waker: &mut dyn FnMut() -> Waker) -> Launch {
        let gate = gate(&job.settings.driver, job.context.depth);
        match gate.enter(&job.settings, None, waker) {
            Ok(pass) => match self.engine.launch(job, overfill, waker) {
                Launch::Started(attempt) => {
                    Launch::Started(Box::new(GatedAttempt::working(attempt, pass)))
                }
                other => other,
            },
            Err(place) => {
                if !overfill
                    && job.settings.queue_limit.is_some_and(|limit| gate.queue.len() > limit)
                {
                    return Launch::Full(Box::new(job));
                }
                let engine: Arc<dyn Launcher> = Arc::clone(&self.engine) as _;
                let waiting = Waiting { engine, gate, job, place: Some(place) };
                Launch::Started(Box::new(GatedAttempt::Waiting(Box::new(waiting))))
            }
        }
    }
}

/// Counts the tasks of one driver at one depth.
struct Gate {
    state: Mutex<State>,
    queue: Arc<Queue>,
    /// Passes that a fork of this process inherits are none of its business.
    owner: u32,
    /// Whether its tasks share the process with those who wait.
    is_shared: bool,
}

struct State {
    under_way: usize,
    /// When one ended, or was let in because none had ended.
    last_progress: Moment,
}

/// A task that is under way; dropped when it has ended.
struct Pass(Arc<Gate>);

impl Gate {
    /// Lets a task in, or gives it a place to wait.
    fn enter(
        self: &Arc<Self>,
        settings: &Settings,
        place: Option<Place>,
        waker: &mut dyn FnMut() -> Waker,
    ) -> Result<Pass, Place> {
        let mut state = self.lock();
        let taken = state.under_way + self.queue.kept_for_others(place.as_ref());
        if taken > 0 && taken >= settings.workers() && !self.stands_still(&state, place.as_ref()) {
            return Err(self.queue.wait(place, waker()));
        }
        if taken > 0 && taken >= settings.workers() {
            state.last_progress = Moment::now();
        }
        state.under_way += 1;
        drop(state);
        if let Some(place) = place {
            self.queue.served(place);
        }
        Ok(Pass(Arc::clone(self)))
    }

    fn stands_still(&self, state: &State, place: Option<&Place>) -> bool {
        let Some(place) = place.filter(|_| self.is_shared) else { return false };
        let since = state.last_progress.max(place.since());
        since.after(STANDSTILL) <= Moment::now() && self.queue.is_first(place)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.0.owner != std::process::id() {
            return;
        }
        let mut state = self.0.lock();
        state.under_way -= 1;
        state.last_progress = Moment::now();
        let waiting = self.0.queue.next();
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }
}

type Gates = Mutex<Vec<((Driver, u32), Arc<Gate>)>>;

#[cfg(target_os = "linux")]
static GATES: crate::sys::process_local::ProcessLocal<Gates> =
    crate::sys::process_local::ProcessLocal::new();
#[cfg(not(target_os = "linux"))]
static GATES: Gates = Mutex::new(Vec::new());

fn gate(driver: &Driver, depth: u32) -> Arc<Gate> {
    #[cfg(target_os = "linux")]
    let gates = GATES.get(Mutex::default);
    #[cfg(not(target_os = "linux"))]
    let gates = &GATES;
    let mut gates = lock(gates);
    let is_it = |(known, level): &(Driver, u32)| known == driver && *level == depth;
    if let Some((_, gate)) = gates.iter().find(|(key, _)| is_it(key)) {
        return Arc::clone(gate);
    }
    let gate = Arc::new(Gate {
        state: Mutex::new(State { under_way: 0, last_progress: Moment::now() }),
        queue: Queue::new(),
        owner: std::process::id(),
        is_shared: *driver != Driver::Fork,
    });
    gates.push(((driver.clone(), depth), Arc::clone(&gate)));
    gate
}

/// A task in front of a gate or behind it.
enum GatedAttempt {
    Waiting(Box<Waiting>),
    Working { attempt: Box<dyn Attempt>, _room: Option<Box<dyn Send>> },
    Over,
}

struct Waiting {
    engine: Arc<dyn Launcher>,
    gate: Arc<Gate>,
    job: Job,
    place: Option<Place>,
}

impl GatedAttempt {
    fn working(mut attempt: Box<dyn Attempt>, pass: Pass) -> Self {
        let room = attempt.keep_room(Box::new(pass));
        Self::Working { attempt, _room: room }
    }
}

impl Attempt for GatedAttempt {
    fn poll(&mut self, waker: &mut dyn FnMut() -> Waker) -> Option<Outcome> {
        if let Self::Waiting(waiting) = self {
            match waiting.gate.enter(&waiting.job.settings, waiting.place.take(), waker) {
                Err(place) => {
                    waiting.place = Some(place);
                    return None;
                }
                Ok(pass) => {
                    let Self::Waiting(waiting) = std::mem::replace(self, Self::Over) else {
                        unreachable!("it waited a moment ago");
                    };
                    match waiting.engine.launch(waiting.job, true, waker) {
                        Launch::Started(attempt) => *self = Self::working(attempt, pass),
                        Launch::Ended(outcome) => return Some(outcome),
                        Launch::Full(_) => unreachable!("it was told to take it all the same"),
                    }
                }
            }
        }
        match self {
            Self::Working { attempt, .. } => attempt.poll(waker),
            Self::Waiting(_) | Self::Over => None,
        }
    }

    fn is_ready(&self) -> bool {
        matches!(self, Self::Working { attempt, .. } if attempt.is_ready())
    }

    fn is_waiting(&self) -> bool {
        matches!(self, Self::Waiting(_))
    }

    fn park(&mut self, wait: &mut Wait) -> bool {
        match self {
            Self::Working { attempt, .. } => attempt.park(wait),
            Self::Waiting(waiting) => {
                waiting.place.iter().for_each(|place| wait.until(place.look_again));
                false
            }
            Self::Over => false,
        }
    }

    fn started(&self) -> Option<Moment> {
        match self {
            Self::Working { attempt, .. } => attempt.started(),
            Self::Waiting(_) | Self::Over => None,
        }
    }

    fn stop(&mut self) -> Stopped {
        match self {
            Self::Working { attempt, .. } => attempt.stop(),
            Self::Waiting(_) | Self::Over => {
                *self = Self::Over;
                Stopped::Gone
            }
        }
    }
}
