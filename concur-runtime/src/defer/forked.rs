//! Deferring on driver Fork: a fork of this process becomes the supervisor of its own tasks, so that
//! they see the program's memory as it was when they were deferred.

use std::io;
use std::sync::Arc;

use super::deferred::Entry;
use super::log::Log;
use super::{Deferral, client};
use crate::channel::close_on_exec_pair;
use crate::config::Settings;
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::run::Run;
use crate::seen::Watched;
use crate::sys::fork::{Forked, exit_now, fork};
use crate::worker::supervisor;

/// Forks twice: what is in between ends at once, so that nobody has to bury the supervisor.
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
    match crate::reactor::quiesced(fork).map_err(failed)? {
        Forked::Child => match fork() {
            Ok(Forked::Child) => {
                drop(ours);
                supervisor::live_forked(theirs, log, (entry.id(), run, specs))
            }
            Ok(Forked::Parent(_)) => exit_now(0),
            Err(_) => exit_now(1),
        },
        Forked::Parent(between) => {
            drop(theirs);
            let options = rustix::process::WaitOptions::empty();
            // Already gone where the program ignores the ends of children.
            if let Ok(Some((_, status))) = rustix::process::waitpid(Some(between), options) {
                if status.exit_status() != Some(0) {
                    return Err(failed(io::Error::other("the fork could not fork again")));
                }
            }
            client::listen(ours, entry);
            Ok(())
        }
    }
}
