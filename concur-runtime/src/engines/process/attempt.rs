//! One task on a worker: waiting for one, running, answered, dead or killed.
//!
//! What counts is decided in this order: an answer that was published counts, whatever happened to
//! the worker since; a worker that died before it took the task costs the task nothing, it goes to
//! another one; a worker that died with the task is the task's failure. A task that is to stop is
//! taken back if its worker has not taken it, and then there is nothing to wait for. Else it is killed
//! at once, or, if it has asked for time, told and killed when that is over; the run does not heed what
//! it still says. It ends with its answer, and the worker goes on, or when the worker is gone. One
//! owner decides between the two: after the order to kill no answer is taken and the worker gets no
//! task, and before it no order is on its way that could meet the next one.

mod failed_start;

mod limits;

use std::io;
use std::os::unix::ffi::OsStringExt;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use super::super::queue::Place;
use super::dropped::Dropped;
use super::hooks;
use super::lease::Lease;
use super::pool::{Checkout, pool};
use crate::channel::Heard;
use crate::context::Moment;
use crate::engine::Job;
use crate::error::how;
use crate::forward::relay;
use crate::hooks::failure::HookFailure;
use crate::outcome::{End, LastWords, Outcome};
use crate::payload::Payload;
use crate::run::{Attempt, Launch, Stopped, Wait};
use crate::wire::{Notice, RequestHead, Segment};
pub(super) use limits::{YIELD_LIMIT, tell_to_stop, unyielding};

/// So many new workers in a row may die before they take a task.
const FAILED_STARTS: u32 = 3;

pub(super) struct ProcessAttempt {
    job: Job,
    state: State,
    /// The worker's socket may have something to say.
    listening: bool,
    words: Option<LastWords>,
    failed_starts: u32,
    /// When the worker must have taken the task; `None` while the server has put it in a queue.
    start_by: Option<Moment>,
    /// When the worker is killed, once the task was told to stop and has asked for time.
    kill_at: Option<Moment>,
    /// When the worker must be gone, once it was to be killed.
    gone_by: Option<Moment>,
    /// Whether the fork server was ended because it did not kill the worker.
    given_up: bool,
}

enum State {
    /// For a worker to be free.
    Waiting {
        place: Option<Place>,
    },
    Working(Lease),
    Over,
}

impl ProcessAttempt {
    pub(super) fn begin(job: Job, overfill: bool, waker: &mut dyn FnMut() -> Waker) -> Launch {
        let mut attempt = Self {
            job,
            state: State::Waiting { place: None },
            listening: false,
            words: None,
            failed_starts: 0,
            start_by: None,
            kill_at: None,
            gone_by: None,
            given_up: false,
        };
        let limit = attempt.job.settings.queue_limit.filter(|_| !overfill);
        match attempt.find_worker(waker) {
            Some(outcome) => Launch::Ended(outcome),
            None if attempt.is_waiting()
                && limit.is_some_and(|limit| pool().queue.len() > limit) =>
            {
                Launch::Full(Box::new(attempt.job.clone()))
            }
            None => Launch::Started(Box::new(attempt)),
        }
    }

    /// Looks for a worker and gives it the task.
    fn find_worker(&mut self, waker: &mut dyn FnMut() -> Waker) -> Option<Outcome> {
        let place = match &mut self.state {
            State::Waiting { place } => place.take(),
            _ => None,
        };
        let is_async = self.job.entry.is_async;
        match pool().checkout(&self.job.settings, is_async, place, waker) {
            Checkout::NoRoom(place) => self.state = State::Waiting { place: Some(place) },
            Checkout::Refused(end) => {
                self.state = State::Over;
                return Some(Outcome::not_run(end));
            }
            Checkout::Worker(mut lease) => {
                let head = self.request(lease.ends());
                let sent = lease.worker_mut().end.send(head, &self.job.shared, &self.job.input);
                self.listening = false;
                if let Err(err) = sent {
                    if let Some(failure) = hooks::said_before(lease.worker_mut()) {
                        return Some(self.failed_by_hook(lease, failure));
                    }
                    let has_left = err.kind() == io::ErrorKind::NotConnected;
                    if !has_left && lease.has_failed_to_start() {
                        self.failed_starts += 1;
                    }
                    let is_gone = has_left
                        || matches!(
                            err.kind(),
                            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
                        );
                    if lease.crew().is_none() || (is_gone && !has_left) {
                        lease.abandon(None);
                    } else if has_left {
                        // Others may have met a task in the last moment.
                        lease.make_last();
                        drop(lease);
                    }
                    if is_gone && self.failed_starts < FAILED_STARTS {
                        // It had died unseen, before it was given anything.
                        self.state = State::Waiting { place: None };
                        return self.find_worker(waker);
                    }
                    self.state = State::Over;
                    let reason = format!("the task cannot be handed to its worker: {err}");
                    return Some(Outcome::not_run(End::NotStarted(reason)));
                }
                self.start_by = Some(Moment::now().after(self.job.settings.start_limit));
                self.state = State::Working(lease);
                if self.job.settings.wants_own_worker() {
                    pool().top_up(&self.job.settings);
                }
            }
        }
        None
    }

    fn request(&self, is_last: bool) -> RequestHead {
        let nothing = Segment::Inline { len: 0 };
        let directory = std::env::current_dir().ok();
        RequestHead {
            entry: self.job.entry.id,
            name: self.job.name.to_string(),
            index: self.job.index as u64,
            attempt: self.job.attempt,
            timeout: self.job.timeout(),
            directory: directory.map(|directory| directory.into_os_string().into_vec()),
            depth: self.job.context.depth,
            deadline: self.job.context.deadline,
            nested_limit: self.job.context.nested_limit,
            memory_limit: self.job.settings.memory_limit,
            levels: self.job.view.levels(),
            is_last,
            shared: nothing,
            own: nothing,
        }
    }

    /// The answer is there: reads it and lets the worker go on.
    fn answered(&mut self) -> Option<Outcome> {
        let State::Working(mut lease) = std::mem::replace(&mut self.state, State::Over) else {
            return None;
        };
        let end = &mut lease.worker_mut().end;
        let (pid, taken_at) = (end.pid(), end.taken_at());
        relay(end, &self.job);
        let read = end.read_answer();
        // The wake of this answer may be on its way; the word of a death means no more tasks here.
        let is_alive = !self.listening || matches!(end.hear(), Ok(Heard::Nothing));
        match read {
            Ok((head, answer)) => {
                if !is_alive || head.leaves_dead {
                    lease.make_last();
                }
                if let Some(crew) = lease.crew() {
                    crew.note_work();
                }
                let elapsed = Duration::from_nanos(head.elapsed_nanos);
                let result = || answer.into_result(lease);
                let outcome = Outcome::of(head.ending, result, elapsed, pid.unwrap_or(0));
                Some(self.job.within_limits(outcome, taken_at))
            }
            Err(err) => {
                if lease.crew().is_some() {
                    // Its other tasks may be well.
                    lease.make_last();
                } else {
                    lease.abandon(None);
                }
                let end = End::Unreadable(err.to_string());
                Some(Outcome { end, elapsed: Duration::ZERO, pid, may_have_run: true })
            }
        }
    }

    /// Hears what the socket has to say; an outcome if the attempt is over.
    fn listen(&mut self, waker: &mut dyn FnMut() -> Waker) -> Option<Outcome> {
        loop {
            let State::Working(lease) = &mut self.state else { return None };
            match lease.worker_mut().end.hear() {
                Ok(Heard::Nothing) => return None,
                Ok(Heard::Notice(Notice::LastWords(words))) => self.words = Some(words),
                Ok(Heard::Notice(Notice::Queued)) => self.start_by = None,
                Ok(Heard::Notice(Notice::Unqueued)) => {
                    self.start_by = Some(Moment::now().after(self.job.settings.start_limit));
                }
                Ok(Heard::Notice(Notice::Wake | Notice::Arena(_) | Notice::InHook(_))) => {}
                Ok(Heard::Notice(Notice::Fault(fault))) => {
                    if let Some(failure) = HookFailure::from_fault(fault) {
                        return self.hook_failed(failure);
                    }
                }
                Ok(Heard::Notice(Notice::Died { pid, death })) => {
                    let (words, memory_limit) = (None, self.job.settings.memory_limit);
                    let end = End::Died { death, words, memory_limit, beside: lease.beside() };
                    return self.died(Some(pid), end, waker);
                }
                Ok(Heard::Notice(Notice::NotStarted(reason))) => {
                    return self.over(None, End::NotStarted(reason));
                }
                Ok(Heard::Closed) | Err(_) => return self.lost(waker),
            }
        }
    }

    /// The worker is dead. `how` becomes the outcome if the task died with it.
    fn died(
        &mut self,
        pid: Option<u32>,
        mut how_it_died: End,
        waker: &mut dyn FnMut() -> Waker,
    ) -> Option<Outcome> {
        let State::Working(lease) = &self.state else { return None };
        let stopped = self.gone_by.is_some();
        if !stopped && lease.worker().end.is_answered() {
            return self.answered();
        }
        let was_taken = lease.worker().end.taken_at().is_some();
        if let Some(crew) = lease.crew().filter(|_| !stopped) {
            if was_taken {
                crew.note_work();
            }
            // Killed because of another task, unless it had died before that.
            if let (Some(fate), None) = (crew.fate(), &self.words) {
                how_it_died = End::Lost(fate.clone());
            }
        }
        if stopped || was_taken {
            return self.over(pid, how_it_died);
        }
        let failure = match how_it_died {
            End::Died { death, .. } => hooks::died_in(lease.worker(), death, self.words.take()),
            _ => hooks::server_died_in(&lease.worker().server),
        };
        if let Some(failure) = failure {
            return self.hook_failed(failure);
        }
        self.failed_starts += u32::from(lease.has_failed_to_start());
        if self.failed_starts >= FAILED_STARTS {
            let reason = match &how_it_died {
                End::Lost(reason) => reason.clone(),
                End::Died { death, .. } => {
                    format!("its worker {} before it took the task", how(*death))
                }
                _ => "its worker died before it took the task".to_owned(),
            };
            let reason = format!("{reason} ({FAILED_STARTS} times in a row)");
            return self.over(None, End::NotStarted(reason));
        }
        if let State::Working(lease) =
            std::mem::replace(&mut self.state, State::Waiting { place: None })
        {
            lease.bury();
        }
        self.find_worker(waker)
    }

    /// The socket was closed without a word: the fork server is gone.
    fn lost(&mut self, waker: &mut dyn FnMut() -> Waker) -> Option<Outcome> {
        let State::Working(lease) = &self.state else { return None };
        let server = Arc::clone(&lease.worker().server);
        let reason = server.obituary();
        pool().forget_server(&server);
        let pid = lease.worker().end.pid();
        self.died(pid, End::Lost(reason), waker)
    }

    /// Ends the attempt; the worker is dead.
    fn over(&mut self, pid: Option<u32>, mut end: End) -> Option<Outcome> {
        let State::Working(mut lease) = std::mem::replace(&mut self.state, State::Over) else {
            return None;
        };
        relay(&mut lease.worker_mut().end, &self.job);
        if let End::Died { words, .. } = &mut end {
            *words = self.words.take();
        }
        let taken_at = lease.worker().end.taken_at();
        lease.bury();
        Some(Outcome {
            end,
            elapsed: taken_at.map(|taken| Moment::now().since(taken)).unwrap_or_default(),
            pid,
            may_have_run: taken_at.is_some(),
        })
    }

    fn abandon(&mut self) {
        if let State::Working(lease) = std::mem::replace(&mut self.state, State::Over) {
            lease.abandon(Some(self.arguments()));
        }
    }

    /// What a worker may decode until the moment it is dead.
    fn arguments(&self) -> (Arc<Payload>, Arc<Payload>) {
        (Arc::clone(&self.job.shared), Arc::clone(&self.job.input))
    }
}

impl Attempt for ProcessAttempt {
    fn poll(&mut self, waker: &mut dyn FnMut() -> Waker) -> Option<Outcome> {
        if matches!(self.state, State::Waiting { .. }) {
            return self.find_worker(waker);
        }
        if self.is_ready() {
            return self.answered();
        }
        if let State::Working(lease) = &mut self.state {
            relay(&mut lease.worker_mut().end, &self.job);
        }
        if self.listening {
            let outcome = self.listen(waker).or_else(|| self.keep_limits());
            if outcome.is_some() {
                return outcome;
            }
            // What came may have been the wake of an answer.
            if self.is_ready() {
                return self.answered();
            }
        }
        None
    }

    fn is_ready(&self) -> bool {
        match &self.state {
            State::Working(lease) => self.gone_by.is_none() && lease.worker().end.is_answered(),
            _ => false,
        }
    }

    fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waiting { .. })
    }

    fn park(&mut self, wait: &mut Wait) -> bool {
        if let State::Waiting { place: Some(place) } = &self.state {
            wait.until(place.look_again);
        }
        let State::Working(lease) = &self.state else { return false };
        let end = &lease.worker().end;
        if self.gone_by.is_none() && (end.fall_asleep() || end.listen_aside()) {
            return true;
        }
        self.listening = true;
        wait.socket(end.socket());
        if let Some(limit) = self.gone_by.or(self.kill_at) {
            wait.until(limit);
        } else if let Some(limit) = self.start_by.filter(|_| end.taken_at().is_none()) {
            wait.until(limit);
        }
        false
    }

    fn started(&self) -> Option<Moment> {
        match &self.state {
            State::Working(lease) => lease.worker().end.taken_at(),
            _ => None,
        }
    }

    fn stop(&mut self) -> Stopped {
        let State::Working(lease) = &self.state else {
            self.state = State::Over;
            return Stopped::Gone;
        };
        if self.kill_at.is_none() && self.gone_by.is_none() {
            if lease.crew().is_none() && lease.worker().end.withdraw() {
                // Neither a server that is busy with hooks is waited for, nor a worker that is.
                self.abandon();
                return Stopped::Gone;
            }
            let grace = tell_to_stop(lease);
            if lease.crew().is_some() {
                if lease.worker().end.taken_at().is_none() {
                    // It never begins: the worker meets the word when it takes it. Until then it keeps
                    // its lane, which is seen to when this is dropped.
                    return Stopped::Gone;
                }
                self.kill_at = Some(Moment::now().after(grace));
            } else if grace.is_zero() {
                self.kill();
            } else {
                self.kill_at = Some(Moment::now().after(grace));
            }
            self.listening = true;
        }
        Stopped::Going
    }
}

impl Drop for ProcessAttempt {
    fn drop(&mut self) {
        let arguments = self.arguments();
        if let State::Working(mut lease) = std::mem::replace(&mut self.state, State::Over) {
            // A subscriber that has panicked is not called again while that goes on.
            let is_ours = lease.worker().end.owner() == std::process::id();
            if is_ours && !std::thread::panicking() {
                relay(&mut lease.worker_mut().end, &self.job);
            }
            if self.gone_by.is_some() {
                lease.abandon(Some(arguments));
            } else {
                let limits = (self.kill_at, self.start_by);
                Dropped::see_to(lease, arguments, limits, self.job.name.clone());
            }
        }
    }
}
