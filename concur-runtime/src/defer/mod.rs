//! Deferred work: tasks that nobody waits for, and that outlive the program that deferred them.
//!
//! [`hand_over`] decides who carries a deferral out. Driver Process: a supervisor, a process of its own
//! session that is forked from the fork server and runs the tasks through the ordinary drivers
//! ([`client`] is this program's side of it, `worker/supervisor.rs` the other, [`submission`] what
//! passes between them). Driver Fork: a fork of this process that becomes such a supervisor
//! ([`forked`]). Thread and engines of one's own: a thread of this process; Sync: the calling thread
//! ([`local`]). Whoever does it writes a line for each task into the [`log`], and tells the
//! [`Deferred`] that was given out.

#[cfg(target_os = "linux")]
pub(crate) mod client;
mod deferred;
#[cfg(target_os = "linux")]
pub(crate) mod forked;
#[cfg(target_os = "linux")]
pub(crate) mod hooks;
#[cfg(all(target_os = "linux", feature = "forward"))]
pub(crate) mod listening;
pub(crate) mod local;
pub(crate) mod log;
pub(crate) mod report;
#[cfg(target_os = "linux")]
pub(crate) mod submission;

pub(crate) use deferred::flush_at_end;
pub use deferred::{Deferred, flush};

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use crate::config::{Methods, Settings, WhenFull};
use crate::driver::Driver;
use crate::error::Error;
use crate::run::Policy;
use crate::task::TaskSpec;
use deferred::Entry;

/// Tasks that are to be deferred together, with what was said of them.
pub(crate) struct Deferral {
    pub(crate) specs: VecDeque<TaskSpec>,
    pub(crate) methods: Methods,
    pub(crate) policy: Policy,
}

/// Finds who carries the tasks out, and comes back when they are in its hands.
pub(crate) fn hand_over(mut deferral: Deferral) -> Result<Deferred, Error> {
    // Nobody is there to act on the first failure, and one must not stop another.
    if deferral.policy == Policy::FailFast {
        deferral.policy = Policy::Settle;
    }
    look_at_forks();
    deferral.methods.options.when_full = Some(WhenFull::Wait);
    // The program goes on, and the terminal is its own.
    deferral.methods.progress = false;
    // What is handed over now is under way.
    let _pass = crate::shutdown::Pass::take()?;
    let settings = Settings::resolve(&deferral.methods)?;
    refuse_what_cannot_be_sent(&deferral)?;
    let entry = Arc::new(Entry::new(Names::of(&deferral.specs)));
    #[cfg(feature = "testing")]
    crate::testing::take_deferred(&mut deferral.specs, &settings.driver)?;
    if deferral.specs.is_empty() {
        entry.end(Ok(()));
        return Ok(Deferred::of(entry));
    }
    match settings.driver {
        Driver::Sync => local::now(deferral, &entry)?,
        Driver::Thread | Driver::Named(_) => local::beside(deferral, &entry)?,
        #[cfg(target_os = "linux")]
        Driver::Process => client::submit(deferral, &settings, &entry)?,
        #[cfg(target_os = "linux")]
        Driver::Fork => forked::start(deferral, &settings, &entry)?,
        #[cfg(not(target_os = "linux"))]
        Driver::Process | Driver::Fork => {
            crate::engines::launcher(&settings.driver)?;
        }
    }
    Ok(Deferred::of(entry))
}

/// Lets go of what carried out deferrals that have ended and that nobody waits for.
fn look_at_forks() {
    #[cfg(target_os = "linux")]
    forked::look();
}

/// The names of tasks in their order, each with how many of one kind there are in a row.
pub(crate) struct Names(Vec<(String, usize)>);

impl Names {
    pub(crate) fn of(specs: &VecDeque<TaskSpec>) -> Self {
        let mut counted: Vec<(String, usize)> = Vec::new();
        for spec in specs {
            match counted.last_mut() {
                Some((name, count)) if *name == spec.name => *count += 1,
                _ => counted.push((spec.name.to_string(), 1)),
            }
        }
        Self(counted)
    }

    /// The name of each task.
    pub(crate) fn each(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(|(name, count)| std::iter::repeat_n(&**name, *count))
    }
}

/// For people: those of many of a kind once, with their number.
impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, count)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            match count {
                1 => write!(f, "{comma}`{name}`")?,
                _ => write!(f, "{comma}`{name}` ({count} times)")?,
            }
        }
        Ok(())
    }
}

/// Mistakes that are known now, such as arguments that could not be encoded, are told at once, not to
/// a log.
fn refuse_what_cannot_be_sent(deferral: &Deferral) -> Result<(), Error> {
    deferral.specs.iter().try_for_each(TaskSpec::check_name)?;
    let driver = Driver::default();
    let mistakes = crate::tasks::unsendable(&deferral.specs, &driver);
    if mistakes.is_empty() { Ok(()) } else { Err(Error::of_tasks(mistakes)) }
}
