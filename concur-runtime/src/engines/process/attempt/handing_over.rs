//! Finding a worker and handing the task over to it.

use std::io;
use std::os::unix::ffi::OsStringExt;
use std::task::Waker;

use super::super::hooks;
use super::super::lease::Lease;
use super::super::pool::{Checkout, pool};
use super::failed_start::FAILED_STARTS;
use super::{ProcessAttempt, State};
use crate::context::Moment;
use crate::outcome::{End, Outcome};
use crate::wire::{RequestHead, Segment};

impl ProcessAttempt {
    /// Looks for a worker and gives it the task.
    pub(super) fn find_worker(&mut self, waker: &mut dyn FnMut() -> Waker) -> Option<Outcome> {
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
            Checkout::Worker(lease) => return self.hand_over(lease, waker),
        }
        None
    }

    fn hand_over(&mut self, mut lease: Lease, waker: &mut dyn FnMut() -> Waker) -> Option<Outcome> {
        let head = self.request(lease.ends());
        let sent = lease.worker_mut().end.send(head, &self.job.shared, &self.job.input);
        self.listening = false;
        if let Err(err) = sent {
            return self.not_sent(lease, &err, waker);
        }
        self.start_by = Some(Moment::now().after(self.job.settings.start_limit));
        self.state = State::Working(lease);
        if self.job.settings.wants_own_worker() {
            pool().top_up(&self.job.settings);
        }
        None
    }

    /// The worker does not get the task. If it is gone, another one may.
    fn not_sent(
        &mut self,
        mut lease: Lease,
        err: &io::Error,
        waker: &mut dyn FnMut() -> Waker,
    ) -> Option<Outcome> {
        if let Some(failure) = hooks::said_before(lease.worker_mut()) {
            return Some(self.failed_by_hook(lease, failure));
        }
        let has_left = err.kind() == io::ErrorKind::NotConnected;
        if !has_left && lease.has_failed_to_start() {
            self.failed_starts += 1;
        }
        let is_gone = has_left
            || matches!(err.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset);
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
        Some(Outcome::not_run(End::NotStarted(reason)))
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
}
