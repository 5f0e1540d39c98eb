//! What carries a driver's choice out: the trait for engines of one's own, and their names.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use crate::config::Settings;
use crate::context::{Context, Moment};
use crate::driver::Driver;
use crate::engines::Asked;
use crate::error::Error;
use crate::inside::{Around, Facts, Inside, Told};
use crate::locks::{read_lock, write_lock};
use crate::outcome::{End, Limit, Outcome, ResultBytes, Stop};
use crate::payload::{Payload, Reader};
use crate::seen::View;
use crate::task::EntryPoint;
use crate::task::execute::execute;

/// An attempt at a task under way; dropping it cancels the attempt.
pub type Running = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// Carries out tasks in a way of its own.
///
/// Register it under a name, and that name is a driver: in `Driver::Named`, in `CONCUR_DRIVER`, in a
/// [`Config`](crate::Config). The run keeps order, limit, timeouts and policies; an engine only says
/// where a job runs.
///
/// # Examples
///
/// Runs every job on a thread of its own:
///
/// ```
/// use std::sync::mpsc;
/// use concur::{Engine, Job, Outcome, Running, register_engine};
///
/// struct Spawn;
///
/// impl Engine for Spawn {
///     fn start(&self, job: Job) -> Running {
///         let (sender, receiver) = mpsc::channel();
///         std::thread::spawn(move || sender.send(job.run()));
///         Box::pin(async move {
///             receiver.recv().unwrap_or_else(|_| Outcome::lost("the thread is gone"))
///         })
///     }
/// }
///
/// register_engine("spawn", Spawn)?;
/// assert_eq!("spawn".parse::<concur::Driver>()?.name(), "spawn");
/// # Ok::<(), concur::Error>(())
/// ```
pub trait Engine: Send + Sync + 'static {
    /// Starts a job. The future is polled by the run that the job belongs to, and is dropped when
    /// the job timed out or was cancelled. A job that still runs in this process sees that by
    /// [`cancelled`](crate::inside::cancelled).
    fn start(&self, job: Job) -> Running;
}

/// One attempt at a task, ready to be carried out.
#[derive(Clone)]
pub struct Job {
    pub(crate) name: Cow<'static, str>,
    pub(crate) index: usize,
    /// From 1.
    pub(crate) attempt: u32,
    pub(crate) entry: EntryPoint,
    pub(crate) shared: Arc<Payload>,
    pub(crate) input: Arc<Payload>,
    /// The surroundings of the task: one deeper than those of the run, and still those outside of it.
    pub(crate) context: Context,
    pub(crate) settings: Arc<Settings>,
    /// Where the engine tells the task to stop, if it can do so in this process.
    pub(crate) told: Option<Arc<Told>>,
    /// What the engine has asked of it, where that is one of a user's own.
    pub(crate) asked: Option<Arc<Asked>>,
    #[cfg(feature = "testing")]
    pub(crate) fake: Option<Arc<crate::testing::State>>,
    /// How those who watch see it.
    pub(crate) view: View,
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("name", &self.name)
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

impl Job {
    /// The name of the task.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The place of the task in its block, or of its item in the input, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// The number of the attempt, from 1; more than one only with retries.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// How long the task may run, where that is limited. The run sees to it.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        self.settings.timeout
    }

    /// How many bytes of memory the task may ask for, where that is limited. An engine that asks
    /// sees to it, or says that it cannot; of others concur says once, on stderr, that they do not.
    #[must_use]
    pub fn memory_limit(&self) -> Option<u64> {
        if let Some(asked) = &self.asked {
            asked.memory_limit.store(true, Relaxed);
        }
        self.settings.memory_limit
    }

    /// Whether the task is to share its process with no other. An engine that asks sees to it, or says
    /// that it cannot; of others concur says once, on stderr, that they do not.
    #[must_use]
    pub fn isolated(&self) -> bool {
        if let Some(asked) = &self.asked {
            asked.isolated.store(true, Relaxed);
        }
        self.settings.isolated
    }

    /// Runs the task on this thread, to its end. A panic of the task is part of the outcome.
    #[must_use]
    pub fn run(self) -> Outcome {
        crate::task::panic::record_in_caller();
        if let Some(asked) = &self.asked {
            asked.warn_of_the_rest(&self);
        }
        // What runs really in this process builds its blocks in the scope that it was built in.
        #[cfg(feature = "testing")]
        let _entered = self.fake.as_ref().map(crate::testing::enter);
        let started = Moment::now();
        let mut output = Payload::new();
        let reader = Reader::with_shared(self.shared.bytes(), self.input.bytes());
        let entry = self.entry.here;
        let work = || self.inside(started).enter(|| execute(entry, reader, &mut output));
        let ending = self.view.around(work);
        let elapsed = Moment::now().since(started);
        let result = || ResultBytes::new(InMemory(output));
        let outcome = Outcome::of(ending, result, elapsed, std::process::id());
        self.within_limits(outcome, Some(started))
    }

    /// What the task's own code is part of, while it runs in this process.
    pub(crate) fn inside(&self, started: Moment) -> Context {
        let inside = Inside {
            facts: self.facts(started),
            told: self.told.clone(),
            outer: self.context.around.clone(),
            #[cfg(all(target_os = "linux", feature = "tokio"))]
            lane: None,
        };
        Context { around: Around::Task(Arc::new(inside)), ..self.context.clone() }
    }

    /// What the task is told of itself.
    pub(crate) fn facts(&self, started: Moment) -> Facts {
        Facts {
            name: self.name.clone(),
            index: self.index,
            attempt: self.attempt,
            driver: self.settings.driver.clone(),
            worker: None,
            started,
            timeout: self.timeout(),
            deadline: self.context.deadline,
        }
    }

    /// The outcome of a task that has ended by itself: when its time was over by then, that is what
    /// became of it, whatever it gave. So a task that was told the time by its clock, and gave half a
    /// result, never counts.
    pub(crate) fn within_limits(&self, mut outcome: Outcome, started: Option<Moment>) -> Outcome {
        let Some(started) = started else { return outcome };
        if matches!(outcome.end, End::Dropped) {
            // It was told by its run, which knows why.
            return outcome;
        }
        let timeout = self.timeout().map(|limit| (started.after(limit), Limit::Timeout(limit)));
        let deadline = self.context.deadline.map(|deadline| (deadline, Limit::Deadline));
        let first = timeout.into_iter().chain(deadline).min_by_key(|(moment, _)| *moment);
        if let Some((_, limit)) = first.filter(|(at, _)| *at <= started.after(outcome.elapsed)) {
            outcome.end = End::TimedOut(limit, Stop::Ended);
        }
        outcome
    }
}

struct InMemory(Payload);

impl AsRef<[u8]> for InMemory {
    fn as_ref(&self) -> &[u8] {
        self.0.bytes()
    }
}

static REGISTERED: RwLock<Vec<(String, Arc<dyn Engine>)>> = RwLock::new(Vec::new());

/// Registers an engine under a name, which is a driver from then on.
///
/// A name is lower-case letters, digits, `-` and `_`, and begins with a letter. Registering a name
/// again replaces the engine for runs that begin later.
///
/// # Errors
///
/// [`ErrorKind::Config`](crate::ErrorKind::Config) for a name of a built-in driver, or one that is
/// no name.
pub fn register_engine(name: &str, engine: impl Engine) -> Result<(), Error> {
    check_name(name)?;
    let mut registered = write_lock(&REGISTERED);
    registered.retain(|(known, _)| known != name);
    registered.push((name.to_owned(), Arc::new(engine)));
    Ok(())
}

/// Whether an engine may have this name.
pub(crate) fn check_name(name: &str) -> Result<(), Error> {
    let well_formed = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|letter| {
            letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_".contains(letter)
        });
    if !well_formed {
        return Err(Error::config(format!(
            "`{name}` cannot name an engine: allowed are lower-case letters, digits, `-` and `_`, \
             a letter first"
        )));
    }
    if Driver::BUILT_IN.iter().any(|driver| driver.name() == name) {
        return Err(Error::config(format!(
            "the driver `{name}` is built in and cannot be replaced"
        )));
    }
    Ok(())
}

pub(crate) fn find(name: &str) -> Option<Arc<dyn Engine>> {
    let registered = read_lock(&REGISTERED);
    registered.iter().find(|(known, _)| known == name).map(|(_, engine)| Arc::clone(engine))
}

pub(crate) fn registered_names() -> Vec<String> {
    let registered = read_lock(&REGISTERED);
    registered.iter().map(|(name, _)| name.clone()).collect()
}
