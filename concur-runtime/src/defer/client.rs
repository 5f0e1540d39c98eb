//! This program's side of its supervisor: started with the first deferral, told of each further one,
//! listened to by whoever asks for news.
//!
//! Nobody reads its socket all the time: news are taken in by those who wait, and by the next
//! deferral. The supervisor keeps what finds no room.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use rustix::net::sockopt::{Timeout, set_socket_timeout};

use super::deferred::{Entry, Source};
use super::log::Log;
use super::{Deferral, report, submission};
use crate::channel::{close_on_exec_pair, receive, send_with};
use crate::codec;
use crate::config::Settings;
use crate::context::Moment;
use crate::engines::Identity;
use crate::error::{Error, ErrorKind};
use crate::locks::lock;
use crate::sys::process_local::ProcessLocal;
use crate::wire::{Deferring, News};

/// A supervisor that does not say that it holds a deferral after this time has not come up.
const HOLD_LIMIT: Duration = Duration::from_secs(30);

/// The supervisor of this process.
static SUPERVISOR: ProcessLocal<Mutex<Option<Arc<Supervisor>>>> = ProcessLocal::new();

/// This side of a supervisor.
struct Supervisor {
    socket: OwnedFd,
    /// Who it works for.
    identity: Identity,
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    /// Deferrals that it holds and has not said the end of.
    entries: Vec<Weak<Entry>>,
    /// Deferrals that were handed over, until it says that it holds them.
    handed: Vec<Weak<Entry>>,
    refused: Vec<(u64, String)>,
    gone: bool,
}

/// Brings a deferral into the hands of the supervisor.
pub(super) fn submit(
    deferral: Deferral,
    settings: &Settings,
    entry: &Arc<Entry>,
) -> Result<(), Error> {
    let start = |err: io::Error| {
        let message = format!("the supervisor of deferred tasks cannot be started: {err}");
        Error::new(ErrorKind::Start, message)
    };
    let file = submission::write(entry.id(), deferral).map_err(start)?;
    let supervisors = SUPERVISOR.get(Mutex::default);
    // One at a time, so that two threads do not start two.
    let mut current = lock(supervisors);
    if let Some(supervisor) = current.as_ref().filter(|one| one.identity == Identity::now()) {
        supervisor.look();
        if supervisor.hand(entry, &file).is_ok() {
            let supervisor = Arc::clone(supervisor);
            drop(current);
            if supervisor.await_held(entry)? {
                return Ok(());
            }
            // It ended before it held anything: once more, with a new one.
            current = lock(supervisors);
        }
    }
    let log = Log::open()?;
    let supervisor = Arc::new(Supervisor::start(settings, log.as_ref()).map_err(start)?);
    supervisor.hand(entry, &file).map_err(start)?;
    *current = Some(Arc::clone(&supervisor));
    drop(current);
    if supervisor.await_held(entry)? {
        return Ok(());
    }
    Err(start(io::Error::other("it ended before it held the tasks")))
}

impl Supervisor {
    fn start(settings: &Settings, log: Option<&std::fs::File>) -> io::Result<Self> {
        let (ours, theirs) = close_on_exec_pair()?;
        set_socket_timeout(&ours, Timeout::Send, Some(HOLD_LIMIT))?;
        crate::engines::start_supervisor(settings, &theirs, log.map(AsFd::as_fd))?;
        Ok(Self::on(ours))
    }

    fn on(socket: OwnedFd) -> Self {
        Self { socket, identity: Identity::now(), told: Mutex::default() }
    }

    fn hand(self: &Arc<Self>, entry: &Arc<Entry>, file: &OwnedFd) -> io::Result<()> {
        let order = codec::to_vec(&Deferring { id: entry.id() }).map_err(io::Error::other)?;
        // Before it can answer.
        lock(&self.told).handed.push(Arc::downgrade(entry));
        send_with(&self.socket, &order, &[file.as_fd()])
    }

    /// Waits until it says that it holds a deferral; `false` if it is gone instead.
    fn await_held(self: &Arc<Self>, entry: &Arc<Entry>) -> Result<bool, Error> {
        let until = Moment::now().after(HOLD_LIMIT);
        // Before it can be told, so that its end is not missed.
        entry.list(Some(Arc::clone(self) as Arc<dyn Source>));
        loop {
            self.look();
            let mut told = lock(&self.told);
            if let Some(at) = told.refused.iter().position(|(id, _)| *id == entry.id()) {
                let (_, reason) = told.refused.swap_remove(at);
                drop(told);
                report::refused(entry.id(), entry.names(), &reason);
                return Err(give_up(entry, format!("deferred tasks were refused: {reason}")));
            }
            let waits = told.handed.iter().any(|one| is(one, entry.id()));
            let gone = told.gone;
            drop(told);
            if !waits {
                return Ok(true);
            }
            if gone {
                return Ok(false);
            }
            if until <= Moment::now() {
                let limit = HOLD_LIMIT.as_secs();
                let message =
                    format!("the supervisor of deferred tasks did not answer in {limit}s");
                return Err(give_up(entry, message));
            }
            self.wait(Some(until));
        }
    }
}

fn is(entry: &Weak<Entry>, id: u64) -> bool {
    entry.upgrade().is_some_and(|entry| entry.id() == id)
}

fn give_up(entry: &Entry, message: String) -> Error {
    let err = Error::new(ErrorKind::Start, message);
    entry.end(Err(err.clone()));
    err
}

/// For what a fork of this process runs: it holds the tasks already.
pub(super) fn listen(socket: OwnedFd, entry: &Arc<Entry>) {
    let supervisor = Supervisor::on(socket);
    lock(&supervisor.told).entries.push(Arc::downgrade(entry));
    entry.list(Some(Arc::new(supervisor)));
}

impl Source for Supervisor {
    fn look(&self) {
        let mut ended = Vec::new();
        let mut told = lock(&self.told);
        while !told.gone {
            match receive(&self.socket, false) {
                Ok(Some(frame)) => match codec::decode_all::<News>(&frame.bytes) {
                    Ok(News::Held { id }) => {
                        if let Some(at) = told.handed.iter().position(|one| is(one, id)) {
                            let entry = told.handed.swap_remove(at);
                            told.entries.push(entry);
                        }
                    }
                    Ok(News::Refused { id, reason }) => told.refused.push((id, reason)),
                    Ok(News::Ended { id, error }) => {
                        ended.push((
                            id,
                            error.map_or(Ok(()), |bytes| Err(Error::from_bytes(&bytes))),
                        ));
                    }
                    Err(_) => told.gone = true,
                },
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => break,
                Ok(None) | Err(_) => told.gone = true,
            }
        }
        let mut entries: Vec<Arc<Entry>> = told.entries.iter().filter_map(Weak::upgrade).collect();
        let mut over = Vec::new();
        for (id, result) in ended {
            if let Some(at) = entries.iter().position(|entry| entry.id() == id) {
                over.push((entries.swap_remove(at), result));
            }
        }
        if told.gone {
            let lost = || {
                Err(Error::new(
                    ErrorKind::Killed,
                    "the supervisor of deferred tasks is gone before they ended: they may have run, \
                     in part",
                ))
            };
            over.extend(entries.drain(..).map(|entry| (entry, lost())));
        }
        told.entries = entries.iter().map(Arc::downgrade).collect();
        drop(told);
        for (entry, result) in over {
            entry.end(result);
        }
    }

    fn wait(&self, until: Option<Moment>) {
        let mut polled = [PollFd::new(&self.socket, PollFlags::IN)];
        crate::run::poll_until(&mut polled, until);
    }
}
