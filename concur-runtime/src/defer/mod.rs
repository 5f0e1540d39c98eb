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
pub(crate) mod local;
pub(crate) mod log;
pub(crate) mod report;
#[cfg(target_os = "linux")]
pub(crate) mod submission;

pub(crate) use deferred::flush_at_end;
pub use deferred::{Deferred, flush};

use std::collections::VecDeque;
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
    deferral.methods.options.when_full = Some(WhenFull::Wait);
    // The program goes on, and the terminal is its own.
    deferral.methods.progress = false;
    let settings = Settings::resolve(&deferral.methods)?;
    refuse_what_cannot_be_sent(&deferral)?;
    let names = names(&deferral.specs);
    let entry = Arc::new(Entry::new(names));
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

/// The names of tasks, for people: those of many of a kind once, with their number.
pub(crate) fn names(specs: &VecDeque<TaskSpec>) -> Vec<String> {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for spec in specs {
        match counted.last_mut() {
            Some((name, count)) if *name == spec.name => *count += 1,
            _ => counted.push((&spec.name, 1)),
        }
    }
    let spelled = counted.into_iter().map(|(name, count)| match count {
        1 => format!("`{name}`"),
        _ => format!("`{name}` ({count} times)"),
    });
    spelled.collect()
}

/// Mistakes that are known now, such as arguments that could not be encoded, are told at once, not to
/// a log.
fn refuse_what_cannot_be_sent(deferral: &Deferral) -> Result<(), Error> {
    deferral.specs.iter().try_for_each(TaskSpec::check_name)?;
    let driver = Driver::default();
    let mistakes = crate::tasks::unsendable(&deferral.specs, &driver);
    if mistakes.is_empty() { Ok(()) } else { Err(Error::of_tasks(mistakes)) }
}
