//! What is heard of the worker: the answer, what it says on the way, and its death.

use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use super::super::hooks;
use super::super::pool::pool;
use super::failed_start::FAILED_STARTS;
use super::{ProcessAttempt, State};
use crate::channel::Heard;
use crate::context::Moment;
use crate::error::how;
use crate::forward::relay;
use crate::hooks::failure::HookFailure;
use crate::outcome::{End, Outcome};
use crate::processes::strays::end_stray;
use crate::wire::Notice;

impl ProcessAttempt {
    /// The answer is there: reads it and lets the worker go on.
    pub(super) fn answered(&mut self) -> Option<Outcome> {
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
                if !is_alive || head.is_spent {
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
    pub(super) fn listen(&mut self, waker: &mut dyn FnMut() -> Waker) -> Option<Outcome> {
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
        end_stray(pid);
        self.died(pid, End::Lost(reason), waker)
    }

    /// Ends the attempt; the worker is dead.
    pub(super) fn over(&mut self, pid: Option<u32>, mut end: End) -> Option<Outcome> {
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
}
