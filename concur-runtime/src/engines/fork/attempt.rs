//! The caller's side of a fork: what it says, how it ended, and that it ends.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, kill_process_group};

use crate::channel::{CallerEnd, Heard};
use crate::context::Moment;
use crate::engine::Job;
use crate::forward::{Levels, relay};
use crate::hooks::failure::{Fault, HookEnd, HookFailure};
use crate::hooks::{Stage, any as any_hook};
use crate::leftover::{self, Leftover};
use crate::outcome::{Death, End, LastWords, Outcome};
use crate::processes::{has_unburied, kill_with_descendants};
use crate::run::{Attempt, Stopped, Wait};
use crate::sys::fork::reap;
use crate::wire::Notice;

/// A task in a fork; the fork is there until the attempt is dropped.
pub(super) struct ForkAttempt(Option<Fork>);

/// A fork that runs a task.
struct Fork {
    end: CallerEnd,
    pid: Pid,
    /// `None` for a child that was gone, and buried, before it could be opened.
    pidfd: Option<Arc<OwnedFd>>,
    state: State,
    /// Whether the child may say something on the way.
    is_listening: bool,
    /// When the child must have begun with the task, where hooks come before it.
    start_by: Option<Moment>,
    heard: Said,
    /// What the child reads: large captures lie in memory that both share, which must not be used
    /// for anything else while it lives.
    job: Job,
    /// Its place among the forks of this process, given back when the child is gone.
    room: Option<Box<dyn Send>>,
}

/// What a child has said that is no answer.
#[derive(Default)]
struct Said {
    words: Option<LastWords>,
    fault: Option<Fault>,
}

#[derive(PartialEq, Eq)]
enum State {
    Running,
    /// Told to stop, with time until then.
    Told(Moment),
    Killed,
    /// Killed as well, since a hook did not return.
    Hung,
    Buried,
}

impl ForkAttempt {
    pub(super) fn new(job: Job, end: CallerEnd, pid: Pid, pidfd: Option<Arc<OwnedFd>>) -> Self {
        let is_listening = job.view.levels() != Levels::default();
        let limit = job.settings.start_limit;
        let start_by = any_hook(Stage::WorkerStart).then(|| Moment::now().after(limit));
        Self(Some(Fork {
            end,
            pid,
            pidfd,
            state: State::Running,
            is_listening,
            start_by,
            heard: Said::default(),
            job,
            room: None,
        }))
    }
}

impl Fork {
    /// The outcome, once the child has ended.
    fn poll(&mut self) -> Option<Outcome> {
        if self.is_out_of_grace() {
            self.kill();
        }
        if self.is_late() {
            kill_with_descendants(self.pid);
            self.state = State::Hung;
        }
        if self.is_listening {
            self.hear();
            relay(&mut self.end, &self.job);
        }
        if has_unburied(WaitId::Pid(self.pid)) && !self.end.is_answered() {
            // What it had started is in its group, as far as it has not moved away; the group is
            // its own as long as it is not buried.
            let _ = kill_process_group(self.pid, Signal::KILL);
        }
        let death = match reap(self.pid) {
            Ok(None) => return None,
            Ok(Some(status)) => Death::from_status(status),
            // The program ignores SIGCHLD or waits for every child itself.
            Err(_) => Death::Unknown,
        };
        Some(self.outcome(death))
    }

    /// The child has ended: its answer, if it gave one and was not killed.
    fn outcome(&mut self, death: Death) -> Outcome {
        let state = std::mem::replace(&mut self.state, State::Buried);
        let killed = state == State::Killed;
        let pid = self.pid.as_raw_nonzero().get().unsigned_abs();
        let taken_at = self.end.taken_at();
        relay(&mut self.end, &self.job);
        if !killed && self.end.is_answered() {
            return match self.end.read_answer() {
                Ok((head, answer)) => {
                    let elapsed = Duration::from_nanos(head.elapsed_nanos);
                    let result = || answer.into_result(());
                    let outcome = Outcome::of(head.ending, result, elapsed, pid);
                    self.job.within_limits(outcome, taken_at)
                }
                Err(err) => Outcome {
                    end: End::Unreadable(err.to_string()),
                    elapsed: Duration::ZERO,
                    pid: Some(pid),
                    may_have_run: true,
                },
            };
        }
        self.hear();
        let Said { words, fault } = std::mem::take(&mut self.heard);
        if taken_at.is_none() && !killed {
            let limit = self.job.settings.start_limit;
            let at = |end| HookFailure::at(self.end.hook()?, end);
            let failure = match fault {
                Some(fault) => HookFailure::from_fault(fault),
                None if state == State::Hung => at(HookEnd::Hung(limit)),
                None => at(HookEnd::Died { death, words: words.clone() }),
            };
            if let Some(failure) = failure {
                return Outcome {
                    pid: Some(pid),
                    ..Outcome::not_run(End::Hook(Box::new(failure)))
                };
            }
        }
        Outcome {
            end: End::Died {
                death,
                words,
                memory_limit: self.job.settings.memory_limit,
                beside: 0,
            },
            elapsed: taken_at.map(|taken| Moment::now().since(taken)).unwrap_or_default(),
            pid: Some(pid),
            may_have_run: taken_at.is_some(),
        }
    }

    /// Hears what is in the socket: wakes, what a hook said, and last words.
    fn hear(&mut self) {
        loop {
            match self.end.hear() {
                Ok(Heard::Notice(Notice::LastWords(words))) => self.heard.words = Some(words),
                Ok(Heard::Notice(Notice::Fault(fault))) => self.heard.fault = Some(fault),
                Ok(Heard::Notice(_)) => {}
                Ok(Heard::Nothing) => return,
                Ok(Heard::Closed) | Err(_) => {
                    self.is_listening = false;
                    return;
                }
            }
        }
    }

    /// What to wait for; `false` if there is nothing to wait for, or something came in between.
    fn park(&self, wait: &mut Wait) -> bool {
        if self.is_listening {
            if self.end.listen_aside() {
                return false;
            }
            wait.socket(self.end.socket());
        }
        if let State::Told(kill_at) = self.state {
            wait.until(kill_at);
        }
        if let Some(limit) = self.start_by.filter(|_| self.is_starting()) {
            wait.until(limit);
        }
        self.pidfd.iter().for_each(|pidfd| wait.socket(pidfd));
        self.pidfd.is_some()
    }

    /// Tells the task to stop, and kills it now if it has not asked for time.
    fn stop(&mut self) {
        if self.state == State::Running {
            self.state = State::Told(Moment::now().after(self.end.tell_to_stop()));
        }
        if self.is_out_of_grace() {
            self.kill();
        }
    }

    fn is_out_of_grace(&self) -> bool {
        matches!(self.state, State::Told(kill_at) if kill_at <= Moment::now())
    }

    fn kill(&mut self) {
        kill_with_descendants(self.pid);
        self.state = State::Killed;
    }

    /// Whether hooks go on before the task.
    fn is_starting(&self) -> bool {
        self.state == State::Running && self.end.taken_at().is_none()
    }

    /// Whether a hook has had its time.
    fn is_late(&self) -> bool {
        self.is_starting() && self.start_by.is_some_and(|limit| limit <= Moment::now())
    }
}

impl Attempt for ForkAttempt {
    fn poll(&mut self, _waker: &mut dyn FnMut() -> Waker) -> Option<Outcome> {
        self.0.as_mut()?.poll()
    }

    fn park(&mut self, wait: &mut Wait) -> bool {
        !self.0.as_ref().is_some_and(|fork| fork.park(wait))
    }

    fn started(&self) -> Option<Moment> {
        self.0.as_ref()?.end.taken_at()
    }

    fn stop(&mut self) -> Stopped {
        self.0.iter_mut().for_each(Fork::stop);
        Stopped::Going
    }

    fn keep_room(&mut self, room: Box<dyn Send>) -> Option<Box<dyn Send>> {
        match &mut self.0 {
            Some(fork) => fork.room.replace(room),
            None => Some(room),
        }
    }
}

impl Drop for ForkAttempt {
    fn drop(&mut self) {
        let Some(mut fork) = self.0.take() else { return };
        if fork.state == State::Buried || fork.end.owner() != std::process::id() {
            return;
        }
        // A subscriber that has panicked is not called again while that goes on.
        if !std::thread::panicking() {
            relay(&mut fork.end, &fork.job);
        }
        fork.is_listening = false;
        fork.stop();
        leftover::see_to(Dropped(fork));
    }
}

/// A fork whose run was dropped. Dropping it ends it.
struct Dropped(Fork);

impl Leftover for Dropped {
    fn look(&mut self) -> Option<Wait> {
        if self.0.state == State::Killed || self.0.poll().is_some() {
            return None;
        }
        let mut wait = Wait::default();
        self.0.park(&mut wait).then_some(wait)
    }
}

impl Drop for Dropped {
    fn drop(&mut self) {
        if self.0.state == State::Buried {
            return;
        }
        if self.0.state != State::Killed {
            self.0.kill();
        }
        kill_and_bury(self.0.pid);
    }
}

/// Kills a child and waits for its end, which follows at once.
pub(super) fn kill_and_bury(pid: Pid) {
    let _ = rustix::process::kill_process(pid, Signal::KILL);
    let _ = rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::empty());
}
