//! Deferring on driver Fork: a fork of this process becomes the supervisor of its own tasks, so that
//! they see the program's memory as it was when they were deferred.

use std::io;
use std::sync::{Arc, Mutex, Weak};

use rustix::process::{Pid, child_subreaper, getpid};

use super::deferred::Entry;
use super::log::Log;
use super::{Deferral, client};
use crate::channel::close_on_exec_pair;
use crate::config::Settings;
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::locks::lock;
use crate::run::Run;
use crate::seen::Watched;
use crate::sys::fork::{Forked, exit_now, fork, reap};
use crate::sys::process_local::ProcessLocal;
use crate::worker::mark::fork_marked;
use crate::worker::supervisor;

/// What forks of this process hold. Each has a socket of its own, which is kept until somebody looks.
static HELD: ProcessLocal<Mutex<Vec<Held>>> = ProcessLocal::new();

struct Held {
    entry: Weak<Entry>,
    /// The fork, where it is this process that has to bury it.
    child: Option<Pid>,
}

/// Takes in what forks have told, also for those that nobody waits for, and buries those that have ended.
pub(super) fn look() {
    let Some(held) = HELD.peek() else { return };
    let entries: Vec<Arc<Entry>> =
        lock(held).iter().filter_map(|one| one.entry.upgrade()).collect();
    for entry in entries {
        entry.look();
    }
    lock(held).retain(|one| {
        let is_told = one.entry.upgrade().is_none_or(|entry| entry.is_done());
        !is_told || one.child.is_some_and(|child| matches!(reap(child), Ok(None)))
    });
}

/// Whether orphans become children of this process, as of the first one in a container.
fn adopts_orphans() -> bool {
    getpid().is_init() || matches!(child_subreaper(), Ok(Some(_)))
}

/// Forks twice: what is in between ends at once, so that nobody here has to bury the supervisor. Where
/// it would come back as an orphan, one fork is enough, and it is buried when somebody looks.
pub(super) fn start(
    deferral: Deferral,
    settings: &Settings,
    entry: &Arc<Entry>,
) -> Result<(), Error> {
    if let Some(reason) = crate::engines::fork_danger(settings) {
        return Err(Error::new(ErrorKind::ForkUnsafe, reason));
    }
    let failed = |err: io::Error| {
        Error::new(ErrorKind::Start, format!("deferred tasks cannot be forked: {err}"))
    };
    let log = Log::open()?;
    let Deferral { specs, methods, policy } = deferral;
    let around = Context::current().apart();
    let run = around.enter(|| Run::new(methods, policy, Watched::Elsewhere))?;
    let (ours, theirs) = close_on_exec_pair().map_err(failed)?;
    // What is buffered now would be written twice.
    crate::worker::tasks::flush_output();
    let is_once = adopts_orphans();
    match crate::reactor::quiesced(if is_once { fork_marked } else { fork }).map_err(failed)? {
        Forked::Child => match if is_once { Ok(Forked::Child) } else { fork_marked() } {
            Ok(Forked::Child) => {
                drop(ours);
                supervisor::live_forked(theirs, log, (entry.id(), run, specs))
            }
            Ok(Forked::Parent(_)) => exit_now(0),
            Err(_) => exit_now(1),
        },
        Forked::Parent(child) => {
            drop(theirs);
            if !is_once {
                bury_between(child).map_err(failed)?;
            }
            client::listen(ours, entry);
            let child = is_once.then_some(child);
            lock(HELD.get(Mutex::default)).push(Held { entry: Arc::downgrade(entry), child });
            Ok(())
        }
    }
}

fn bury_between(between: Pid) -> io::Result<()> {
    let options = rustix::process::WaitOptions::empty();
    match rustix::process::waitpid(Some(between), options) {
        Ok(Some((_, status))) if status.exit_status() != Some(0) => {
            Err(io::Error::other("the fork could not fork again"))
        }
        // Already gone where the program ignores the ends of children.
        _ => Ok(()),
    }
}
