//! Deferred work that this process does itself: at once (Sync), or on a thread beside (Thread, engines
//! of one's own).

use std::sync::Arc;

use super::Deferral;
use super::deferred::Entry;
use super::log::Log;
use super::report::{Going, Telling};
use crate::context::Context;
use crate::error::{Error, ErrorKind, TaskError};
use crate::own_threads::OwnThread;
use crate::run::{Run, blocking};
use crate::seen::Watched;
use crate::shutdown::Pass;

/// Runs the tasks here and now.
pub(super) fn now(deferral: Deferral, entry: &Arc<Entry>) -> Result<(), Error> {
    run(going(deferral, entry)?, entry, || {});
    Ok(())
}

/// Runs the tasks while the caller goes on.
pub(super) fn beside(deferral: Deferral, entry: &Arc<Entry>) -> Result<(), Error> {
    let going = going(deferral, entry)?;
    entry.list(None);
    let theirs = Arc::clone(entry);
    let thread = std::thread::Builder::new().name("concur-deferred".to_owned());
    let started = thread.spawn(move || {
        let own = OwnThread::begin();
        run(going, &theirs, || own.rest());
    });
    started.map(drop).map_err(|err| {
        let err = Error::new(
            ErrorKind::Start,
            format!("no thread can be started for deferred tasks: {err}"),
        );
        entry.end(Err(err.clone()));
        err
    })
}

fn going(deferral: Deferral, entry: &Entry) -> Result<Going, Error> {
    let Deferral { specs, methods, policy } = deferral;
    let log = Arc::new(Log::to(Log::open()?));
    let on_failure = Telling::Now(if log.is_kept() { hook } else { hook_or_stderr });
    // What is deferred does not end with the run that it was deferred in.
    let around = Context::current().apart();
    let watched = Watched::Here(Some(specs.len()));
    let run = around.enter(|| Run::new(methods, policy, watched))?;
    Ok(Going::new(entry.id(), run, specs, log, on_failure))
}

fn run(mut going: Going, entry: &Entry, before_it_is_told: impl FnOnce()) {
    // `shutdown` waits until it is told.
    let _pass = Pass::of_leftover();
    blocking::drive(&mut going.run, &mut going.jobs, &mut going.report);
    let result = going.conclude();
    drop(going);
    before_it_is_told();
    entry.end(result);
}

fn hook(err: &TaskError) {
    tell_hooks(err);
}

/// Without a log a failure in this process would be told to nobody.
fn hook_or_stderr(err: &TaskError) {
    if !tell_hooks(err) {
        eprintln!("concur: deferred: {err}");
    }
}

#[cfg(target_os = "linux")]
use super::hooks::tell_here as tell_hooks;

#[cfg(not(target_os = "linux"))]
fn tell_hooks(_err: &TaskError) -> bool {
    false
}
