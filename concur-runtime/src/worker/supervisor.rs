//! The supervisor of deferred tasks: a process in a session of its own that outlives its caller.
//!
//! One thread drives the runs of all deferrals ([`agenda`]), through the same drivers as any program;
//! driver Process gives it a fork server of its own. It ends when its caller is gone and everything it
//! was given is done; a fork of a program, which gets nothing more, when that is done and told. What it
//! was given it holds in its own memory, and it says so before the caller goes on. Told to end by
//! SIGTERM, as by who stops a service, it cancels its runs first, so that the log says what became of
//! their tasks.

mod agenda;

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rustix::fs::{Mode, OFlags};

use self::agenda::Agenda;
use super::mark;
use crate::channel::{receive, send};
use crate::codec;
use crate::config;
use crate::defer::hooks;
use crate::defer::log::{About, Log};
use crate::defer::report::{Going, Telling};
use crate::defer::submission::{self, Submitted};
use crate::error::{Error, TaskError};
use crate::run::{Blocking, Policy, Run};
use crate::seen::Watched;
use crate::sys::fork::exit_now;
use crate::sys::termination::Termination;
use crate::task::TaskSpec;
use crate::wire::{Deferring, News};

/// What the supervisor knows.
struct Supervisor {
    /// The caller, as long as it is there.
    caller: Option<Arc<OwnedFd>>,
    log: Arc<Log>,
    agenda: Agenda,
    blocking: Blocking,
    /// News that found no room in the caller's socket.
    unsent: VecDeque<Vec<u8>>,
    /// `None` where no descriptor was free: then the signal ends this process at once.
    termination: Option<Termination>,
    /// Whether it has all that it will be given, and so ends when that is done and told.
    is_given_no_more: bool,
}

/// A deferral under way.
struct Deferral {
    going: Going,
    /// Where its tasks run, and the configuration of its program.
    directory: Option<Vec<u8>>,
    /// Whether it only tells hooks of another one's failure.
    is_hook: bool,
}

/// In a fork of the fork server, or in a process that was executed to be a supervisor.
pub(super) fn live(caller: OwnedFd, log: Option<OwnedFd>) -> ! {
    if mark::bear().is_err() {
        // Its caller sees that it is gone.
        exit_now(71);
    }
    let supervisor = Supervisor::new(caller, log.map(File::from));
    supervisor.serve()
}

/// In a fork of a program that was marked already ([`mark::fork_marked`]), which gives its tasks along.
pub(crate) fn live_forked(
    caller: OwnedFd,
    log: Option<File>,
    (id, run, specs): (u64, Run, VecDeque<TaskSpec>),
) -> ! {
    crate::shutdown::forget();
    crate::sys::own_slot::forget();
    super::serve::leave_server();
    super::tasks::prepare();
    let mut supervisor = Supervisor::new(caller, log);
    supervisor.take_on((id, run, specs), Telling::Kept(Vec::new()), None);
    supervisor.is_given_no_more = true;
    // Nothing of ours may unwind into the code that deferred: that is its parent's to go on with.
    let _ = catch_unwind(AssertUnwindSafe(|| supervisor.serve()));
    exit_now(70)
}

impl Supervisor {
    fn new(caller: OwnedFd, log: Option<File>) -> Self {
        leave_terminal(log.as_ref());
        let mut blocking = Blocking::new();
        Self {
            caller: Some(Arc::new(caller)),
            log: Arc::new(Log::to(log)),
            agenda: Agenda::new(blocking.waker()),
            blocking,
            unsent: VecDeque::new(),
            termination: Termination::hear().ok(),
            is_given_no_more: false,
        }
    }

    fn serve(mut self) -> ! {
        loop {
            let is_told = self.termination.as_ref().is_some_and(Termination::has_come);
            if is_told {
                // What is on its way stays unread: the caller starts another supervisor for it.
                crate::shutdown::told_to_end();
            } else {
                self.take_orders();
            }
            // A task on driver Sync may shut down this process, which ends the wait of all.
            self.advance(is_told || crate::shutdown::is_cancelling());
            self.send_news();
            let is_all_told = self.is_given_no_more && self.unsent.is_empty();
            if self.agenda.is_empty() && (is_told || self.caller.is_none() || is_all_told) {
                exit_now(0)
            }
            let wait = self.blocking.prepare();
            let is_due = self.agenda.park(wait);
            if let Some(termination) = self.termination.as_ref().filter(|_| !is_told) {
                wait.socket(termination.event());
            }
            if let Some(caller) = self.caller.as_ref().filter(|_| !is_told) {
                wait.socket(caller);
                if !self.unsent.is_empty() {
                    wait.room(caller);
                }
            }
            if !is_due {
                self.blocking.block();
            }
        }
    }

    fn take_orders(&mut self) {
        while let Some(caller) = &self.caller {
            match receive(&**caller, false) {
                Ok(Some(frame)) => {
                    let Ok(Deferring { id }) = codec::decode_all(&frame.bytes) else { continue };
                    let file = frame.descriptors.into_iter().next();
                    let read = file.map_or_else(
                        || Err(io::Error::other("its memory file is missing")),
                        submission::read,
                    );
                    let begun = read
                        .map_err(|err| err.to_string())
                        .and_then(|submitted| self.begin(submitted).map_err(|err| err.to_string()));
                    match begun {
                        Ok(()) => self.tell(&News::Held { id }),
                        Err(reason) => {
                            self.log.refused(id, &reason);
                            self.tell(&News::Refused { id, reason });
                        }
                    }
                }
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => return,
                Ok(None) | Err(_) => {
                    self.caller = None;
                    self.unsent.clear();
                }
            }
        }
    }

    fn begin(&mut self, submitted: Submitted) -> Result<(), Error> {
        let Submitted { id, deferral, installed, directory, context } = submitted;
        if let Some(source) = installed {
            config::install(source);
        }
        let watched = Watched::Here(Some(deferral.specs.len()));
        let run = context.enter(|| Run::new(deferral.methods, deferral.policy, watched))?;
        self.take_on((id, run, deferral.specs), Telling::Kept(Vec::new()), directory);
        Ok(())
    }

    /// Tasks that run from now on; what they record is written into the log.
    fn take_on(
        &mut self,
        (id, run, specs): (u64, Run, VecDeque<TaskSpec>),
        on_failure: Telling,
        directory: Option<Vec<u8>>,
    ) {
        let is_hook = matches!(on_failure, Telling::Nothing);
        let mut going = Going::new(id, run, specs, Arc::clone(&self.log), on_failure);
        going.listen();
        self.agenda.add(Deferral { going, directory, is_hook });
    }

    /// Goes on with those that have something to do, or with all.
    fn advance(&mut self, with_all: bool) {
        self.agenda.begin_round(with_all);
        while let Some((key, Deferral { going, directory, is_hook }, waker)) = self.agenda.next() {
            super::tasks::follow_directory(directory.as_deref());
            let (id, directory, is_hook) = (going.id, directory.clone(), *is_hook);
            let Going { run, jobs, report, .. } = going;
            let has_ended = run.advance(jobs, report, &mut || waker.clone());
            let concluded = has_ended.then(|| going.conclude());
            for failure in going.report.take_kept() {
                self.tell_hooks(id, directory.as_ref(), &failure);
            }
            if let Some(result) = concluded {
                self.agenda.remove(key);
                let error = result.err().map(|err| err.to_bytes());
                if !is_hook {
                    self.tell(&News::Ended { id, error });
                }
            }
        }
    }

    /// Has the program's hooks told of a failure, by a task that is looked at later in this round.
    fn tell_hooks(&mut self, id: u64, directory: Option<&Vec<u8>>, failure: &TaskError) {
        let Some((specs, methods)) = hooks::telling(failure) else { return };
        match Run::new(methods, Policy::Settle, Watched::Here(Some(1))) {
            Ok(run) => self.take_on((id, run, specs), Telling::Nothing, directory.cloned()),
            Err(err) => self.log.hooks_not_told(About { deferral: id, item: None }, &err),
        }
    }

    fn tell(&mut self, news: &News) {
        if self.caller.is_some() {
            self.unsent.extend(codec::to_vec(news).ok());
            self.send_news();
        }
    }

    /// As much as there is room for, in order.
    fn send_news(&mut self) {
        let Some(caller) = &self.caller else { return };
        while let Some(first) = self.unsent.front() {
            match send(&**caller, first) {
                Ok(()) => drop(self.unsent.pop_front()),
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => return,
                // It hung up, which the next look at its socket tells.
                Err(_) => return self.unsent.clear(),
            }
        }
    }
}

/// Nothing of the caller's terminal, pipes and files: who reads the caller's output must see its end.
fn leave_terminal(log: Option<&File>) {
    let _ = super::tasks::empty_stdin();
    let null = rustix::fs::open("/dev/null", OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty());
    let output = log.map(AsFd::as_fd).or_else(|| null.as_ref().ok().map(AsFd::as_fd));
    if let Some(output) = output {
        let _ = rustix::stdio::dup2_stdout(output);
        let _ = rustix::stdio::dup2_stderr(output);
    }
}
