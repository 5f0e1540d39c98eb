//! This program's side of its supervisor: started with the first deferral, told of each further one,
//! listened to by whoever asks for news.
//!
//! Nobody reads its socket all the time: news are taken in by those who wait, and by the next
//! deferral. The supervisor keeps what finds no room. Of those who wait in several threads one reads,
//! for all of them, and another one when it leaves: news that one of them takes in are never missed by
//! another who sleeps for the socket.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use rustix::net::sockopt::{Timeout, set_socket_timeout};

use super::deferred::{Entry, LONGEST_SLEEP, Source};
use super::log::Log;
use super::{Deferral, report, submission};
use crate::channel::{close_on_exec_pair, receive, send_with};
use crate::codec;
use crate::config::Settings;
use crate::context::Moment;
use crate::duration::Spelled;
use crate::engines::{AskedSupervisor, Identity};
use crate::error::{Error, ErrorKind};
use crate::locks::lock;
use crate::sys::process_local::ProcessLocal;
use crate::wire::{Deferring, News};

/// A supervisor that is up says after this time that it holds a deferral, or never will.
const HOLD_LIMIT: Duration = Duration::from_secs(30);

/// The supervisor of this process.
static SUPERVISOR: ProcessLocal<Mutex<Option<Arc<Supervisor>>>> = ProcessLocal::new();

/// This side of a supervisor.
struct Supervisor {
    socket: OwnedFd,
    /// Who it works for.
    identity: Identity,
    told: Mutex<Told>,
    /// Told after each time that news were taken in, and when nobody reads any more.
    changed: Condvar,
}

#[derive(Default)]
struct Told {
    /// Deferrals that it holds and has not said the end of, by their numbers.
    held: HashMap<u64, Weak<Entry>>,
    /// Deferrals that were handed over, until it says that it holds them.
    handed: HashMap<u64, Weak<Entry>>,
    /// Those that it does not run, and why.
    refused: HashMap<u64, String>,
    gone: bool,
    /// Somebody waits at the socket, and takes in what comes.
    is_read: bool,
}

/// Brings a deferral into the hands of the supervisor.
pub(super) fn submit(
    deferral: Deferral,
    settings: &Settings,
    entry: &Arc<Entry>,
) -> Result<(), Error> {
    let file = submission::write(entry.id(), deferral).map_err(not_started)?;
    let supervisors = SUPERVISOR.get(Mutex::default);
    // One at a time, so that two threads do not start two.
    let mut current = lock(supervisors);
    if let Some(supervisor) = current.as_ref().filter(|one| one.identity == Identity::now()) {
        supervisor.look();
        if supervisor.hand(entry, &file).is_ok() {
            let supervisor = Arc::clone(supervisor);
            drop(current);
            if supervisor.await_held(entry, HOLD_LIMIT, |_| None)? {
                return Ok(());
            }
            // It ended before it held anything: once more, with a new one.
            current = lock(supervisors);
        }
    }
    let log = Log::open()?;
    let (supervisor, asked) = Supervisor::start(settings, log.as_ref()).map_err(not_started)?;
    let handed = supervisor.hand(entry, &file);
    *current = Some(Arc::clone(&supervisor));
    drop(current);
    let held = match handed {
        Ok(()) => {
            // Hooks come first, which have this time.
            let limit = settings.start_limit + HOLD_LIMIT;
            supervisor.await_held(entry, limit, |waited| asked.hung_in_hook(waited))?
        }
        // It has ended: of what, is told below.
        Err(_) => false,
    };
    if held {
        return Ok(());
    }
    let reason = asked.died_in_hook();
    let reason = reason.unwrap_or_else(|| "it ended before it held the tasks".to_owned());
    Err(not_started(reason))
}

fn not_started(reason: impl fmt::Display) -> Error {
    let message = format!("the supervisor of deferred tasks cannot be started: {reason}");
    Error::new(ErrorKind::Start, message)
}

impl Supervisor {
    fn start(
        settings: &Settings,
        log: Option<&std::fs::File>,
    ) -> io::Result<(Arc<Self>, AskedSupervisor)> {
        let (ours, theirs) = close_on_exec_pair()?;
        set_socket_timeout(&ours, Timeout::Send, Some(HOLD_LIMIT))?;
        let asked = AskedSupervisor::of_server(settings, &theirs, log.map(AsFd::as_fd))?;
        Ok((Arc::new(Self::on(ours)), asked))
    }

    fn on(socket: OwnedFd) -> Self {
        let (told, changed) = (Mutex::default(), Condvar::new());
        Self { socket, identity: Identity::now(), told, changed }
    }

    fn hand(self: &Arc<Self>, entry: &Arc<Entry>, file: &OwnedFd) -> io::Result<()> {
        let order = codec::to_vec(&Deferring { id: entry.id() }).map_err(io::Error::other)?;
        // Before it can answer.
        lock(&self.told).handed.insert(entry.id(), Arc::downgrade(entry));
        send_with(&self.socket, &order, &[file.as_fd()])
    }

    /// Waits until it says that it holds a deferral; `false` if it is gone instead. `hindrance` is asked
    /// now and then, with the time so far, for a reason to give up before `limit`.
    fn await_held(
        self: &Arc<Self>,
        entry: &Arc<Entry>,
        limit: Duration,
        hindrance: impl Fn(Duration) -> Option<String>,
    ) -> Result<bool, Error> {
        let begun = Moment::now();
        let until = begun.after(limit);
        // Before it can be told, so that its end is not missed.
        entry.list(Some(Arc::clone(self) as Arc<dyn Source>));
        loop {
            self.look();
            let mut told = lock(&self.told);
            match told.answer(entry.id()) {
                Some(Answer::Refused) => {
                    let reason = told.refused.remove(&entry.id()).unwrap_or_default();
                    drop(told);
                    report::refused(entry.id(), entry.names(), &reason);
                    let message = format!("deferred tasks were refused: {reason}");
                    return Err(give_up(entry, Error::new(ErrorKind::Start, message)));
                }
                Some(Answer::Held) => return Ok(true),
                Some(Answer::Gone) => return Ok(false),
                None => drop(told),
            }
            let now = Moment::now();
            if let Some(reason) = hindrance(now.since(begun)) {
                return Err(give_up(entry, not_started(reason)));
            }
            if until <= now {
                let message = format!(
                    "the supervisor of deferred tasks did not answer in {}: was it stopped? When it \
                     goes on it runs them all the same",
                    Spelled(limit)
                );
                return Err(give_up(entry, Error::new(ErrorKind::Start, message)));
            }
            let is_answered = |told: &Told| told.answer(entry.id()).is_some();
            self.wait_until(is_answered, Some(until.min(now.after(HINDRANCE_AFTER))));
        }
    }

    /// Waits until what has been told is enough, or the moment has come.
    fn wait_until(&self, enough: impl Fn(&Told) -> bool, until: Option<Moment>) {
        let mut told = lock(&self.told);
        loop {
            let left = until.map(|until| until.since(Moment::now()));
            if told.gone || enough(&told) || left.is_some_and(|left| left.is_zero()) {
                return;
            }
            if told.is_read {
                // Whoever reads says when it has, or leaves.
                let left = left.unwrap_or(LONGEST_SLEEP);
                let woken = self.changed.wait_timeout(told, left);
                (told, _) = woken.unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            told.is_read = true;
            drop(told);
            let mut polled = [PollFd::new(&self.socket, PollFlags::IN)];
            crate::run::poll_until(&mut polled, until);
            self.take_in(lock(&self.told));
            told = lock(&self.told);
        }
    }

    /// Takes in what is there, and wakes those who wait for it. Nobody else reads until its entries have
    /// ended: who came in between would wait at the socket for what was read already.
    fn take_in(&self, mut told: MutexGuard<'_, Told>) {
        told.is_read = true;
        let over = told.read(&self.socket);
        drop(told);
        for (entry, result) in over {
            entry.end(result);
        }
        lock(&self.told).is_read = false;
        self.changed.notify_all();
    }
}

/// So often somebody who waits for a supervisor to come up asks whether it can.
const HINDRANCE_AFTER: Duration = Duration::from_millis(200);

/// What became of a deferral that was handed over.
enum Answer {
    /// It will not run, for the reason in [`Told::refused`].
    Refused,
    Held,
    /// The supervisor is gone before it said anything of it.
    Gone,
}

impl Told {
    /// `None` while it has to be waited for.
    fn answer(&self, id: u64) -> Option<Answer> {
        if self.refused.contains_key(&id) {
            return Some(Answer::Refused);
        }
        if !self.handed.contains_key(&id) {
            return Some(Answer::Held);
        }
        self.gone.then_some(Answer::Gone)
    }

    /// Reads what is in the socket: the deferrals that are over, and how they ended.
    fn read(&mut self, socket: &OwnedFd) -> Vec<(Arc<Entry>, Result<(), Error>)> {
        let mut over = Vec::new();
        while !self.gone {
            match receive(socket, false) {
                Ok(Some(frame)) => match codec::decode_all::<News>(&frame.bytes) {
                    Ok(News::Held { id }) => {
                        self.held.extend(self.handed.remove(&id).map(|entry| (id, entry)));
                    }
                    Ok(News::Refused { id, reason }) => drop(self.refused.insert(id, reason)),
                    Ok(News::Ended { id, error }) => {
                        let result = error.map_or(Ok(()), |bytes| Err(Error::from_bytes(&bytes)));
                        let entry = self.held.remove(&id).and_then(|entry| entry.upgrade());
                        over.extend(entry.map(|entry| (entry, result)));
                    }
                    Err(_) => self.gone = true,
                },
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => break,
                Ok(None) | Err(_) => self.gone = true,
            }
        }
        if self.gone {
            let lost = || {
                Err(Error::new(
                    ErrorKind::Killed,
                    "the supervisor of deferred tasks is gone before they ended: they may have run, \
                     in part",
                ))
            };
            let left = self.held.drain().filter_map(|(_, entry)| entry.upgrade());
            over.extend(left.map(|entry| (entry, lost())));
        }
        over
    }
}

fn give_up(entry: &Entry, err: Error) -> Error {
    entry.end(Err(err.clone()));
    err
}

/// For what a fork of this process runs: it holds the tasks already.
pub(super) fn listen(socket: OwnedFd, entry: &Arc<Entry>) {
    let supervisor = Supervisor::on(socket);
    lock(&supervisor.told).held.insert(entry.id(), Arc::downgrade(entry));
    entry.list(Some(Arc::new(supervisor)));
}

impl Source for Supervisor {
    fn look(&self) {
        let told = lock(&self.told);
        // Whoever waits at the socket takes in what comes; if it did not hear of it, it would sleep on.
        if !told.is_read {
            self.take_in(told);
        }
    }

    fn wait(&self, entry: &Entry, until: Option<Moment>) {
        self.wait_until(|_| entry.is_done(), until);
    }
}
