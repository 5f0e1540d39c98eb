//! The caller's side of the fork server: starts it, tells it what to do, buries it.
//!
//! The server is this very binary, executed again. Everything it is told before it is up waits in
//! its socket, so nothing here waits for it; and it is executed once the first order is there, so it
//! need not wait for that, whoever of the two is given a processor first.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

use super::identity::Identity;
use crate::channel::{Board, CallerEnd, close_on_exec_pair, receive, send_with};
use crate::config::Settings;
use crate::context::Moment;
use crate::error::how;
use crate::hooks::failure::HookEnd;
use crate::locks::lock;
use crate::outcome::{Death, LastWords};
use crate::processes::kill_with_descendants;
use crate::sys::fork::reap;
use crate::sys::process_local::ProcessLocal;
use crate::wire::{self, Hello, Notice};

/// A server that has lost its caller or was told to end needs about a millisecond.
const FAREWELL: Duration = Duration::from_millis(500);

/// A server reads at once what it is told; one that leaves no room in its socket for this long is
/// stuck.
const PATIENCE: Duration = Duration::from_secs(5);

/// The caller's side of one fork server.
pub(super) struct Server {
    control: OwnedFd,
    /// What the server has said on it.
    said: Mutex<Said>,
    board: Arc<Board>,
    identity: Identity,
    /// The process that started it; a fork of that must leave it alone.
    owner: u32,
    /// The process, where it is a child of this one: a worker that calls uses its caller's server.
    process: Option<Mutex<Process>>,
}

/// What a server says of the hooks that it runs before it forks.
#[derive(Default)]
struct Said {
    /// The one that runs now, by its place.
    hook: Option<u32>,
    /// The last words, if it died of a hook.
    words: Option<LastWords>,
    /// It was ended because that hook had not returned after this time.
    hung: Option<Duration>,
}

/// A fork server that is a child of this process.
enum Process {
    /// Executed with its first order; its end of the socket until then.
    Planned(OwnedFd),
    Alive(Pid),
    Dead(Death),
}

impl Server {
    /// Prepares a server, or, in a worker, finds the one that the worker came from.
    pub(super) fn new(settings: &Settings) -> io::Result<Arc<Self>> {
        let board = Board::create()?;
        let (ours, theirs) = close_on_exec_pair()?;
        set_socket_timeout(&ours, Timeout::Send, Some(PATIENCE))?;
        let hello = Hello {
            protocol: wire::PROTOCOL,
            build: crate::task::registry::fingerprint(),
            level: crate::worker::level(),
            workers: settings.set_workers.map(|count| u32::try_from(count).unwrap_or(u32::MAX)),
            file: crate::config::inherited(),
        };
        let hello = wire::Command::Hello(hello).to_first_bytes().map_err(io::Error::other)?;
        send_with(&ours, &hello, &[board.file().as_fd()])?;
        let process = match crate::worker::knock() {
            Some(knock) => {
                send_with(knock, &[wire::tag::WAKE], &[theirs.as_fd()])?;
                None
            }
            None => Some(Mutex::new(Process::Planned(theirs))),
        };
        let (identity, owner) = (Identity::now(), std::process::id());
        let said = Mutex::default();
        Ok(Arc::new(Self { control: ours, said, board, identity, owner, process }))
    }

    /// Whether this process is still who it was when the server was started.
    pub(super) fn fits(&self) -> bool {
        self.identity == Identity::now()
    }

    /// Asks for a worker, which leaves when it has waited for a task for so long; the channels are there
    /// at once, the worker soon: its own, and those of its lanes if it has any.
    pub(super) fn start_worker(
        &self,
        worker: u32,
        kept_for: Duration,
        lanes: usize,
    ) -> io::Result<(CallerEnd, Vec<CallerEnd>)> {
        let place = self.board.place()?;
        let (ours, theirs) = close_on_exec_pair()?;
        let mut ends = Vec::with_capacity(lanes);
        let (mut slots, mut sockets) = (Vec::with_capacity(lanes), vec![theirs]);
        for _lane in 0..lanes {
            let place = self.board.place()?;
            let (ours, theirs) = close_on_exec_pair()?;
            slots.push(place.index());
            sockets.push(theirs);
            ends.push(CallerEnd::new(place, ours));
        }
        let command = wire::Command::Start { worker, slot: place.index(), lanes: slots };
        let command = crate::codec::to_vec(&command).map_err(io::Error::other)?;
        let end = CallerEnd::new(place, ours);
        // Before the worker is there: it may look only once.
        for end in std::iter::once(&end).chain(&ends) {
            end.keep_idle_for(kept_for);
        }
        let sockets: Vec<_> = sockets.iter().map(AsFd::as_fd).collect();
        self.order(&command, &sockets)?;
        Ok((end, ends))
    }

    /// Asks for a supervisor of deferred tasks.
    pub(super) fn start_supervisor(
        &self,
        socket: &OwnedFd,
        log: Option<BorrowedFd<'_>>,
    ) -> io::Result<()> {
        // A server has the file from its caller.
        let command = wire::Command::Supervise { file: None };
        let command = crate::codec::to_vec(&command).map_err(io::Error::other)?;
        let descriptors: Vec<_> = std::iter::once(socket.as_fd()).chain(log).collect();
        self.order(&command, &descriptors)
    }

    /// Gives an order, and has the server executed if it is the first one.
    fn order(&self, command: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        send_with(&self.control, command, descriptors)?;
        let Some(mut process) = self.lock_process() else { return Ok(()) };
        if let Process::Planned(theirs) = &*process {
            *process = Process::Alive(crate::execute::again(theirs)?);
        }
        Ok(())
    }

    /// Asks for a worker's end and that of everything it started.
    pub(super) fn kill_worker(&self, worker: u32) -> io::Result<()> {
        let command = wire::Command::Kill { worker };
        let command = crate::codec::to_vec(&command).map_err(io::Error::other)?;
        // Waits for room (see `PATIENCE`): many may be cancelled at once, and none must be forgotten.
        send_with(&self.control, &command, &[])
    }

    /// Ends a server that does not answer, with its workers and everything that those have started.
    pub(super) fn destroy(&self) {
        if let Some(pid) = self.alive() {
            kill_with_descendants(pid);
        }
    }

    /// Ends a server that hangs in a hook, with everything that the hook has started.
    pub(super) fn destroy_in_hook(&self, limit: Duration) {
        self.listen().hung = Some(limit);
        self.destroy();
    }

    /// The hook that runs in the server, by its place, or ran when it died.
    pub(super) fn hook(&self) -> Option<u32> {
        self.listen().hook
    }

    /// How a hook ended that the server died in: waits a moment for its end.
    pub(super) fn end_of_hook(&self) -> Option<HookEnd> {
        self.await_end();
        let Process::Dead(death) = *self.process()? else { return None };
        let said = self.listen();
        Some(match said.hung {
            Some(limit) => HookEnd::Hung(limit),
            None => HookEnd::Died { death, words: said.words.clone() },
        })
    }

    /// Reads what the server has said so far.
    fn listen(&self) -> MutexGuard<'_, Said> {
        let mut said = lock(&self.said);
        loop {
            let frame = match receive(&self.control, false) {
                Ok(Some(frame)) => frame,
                // It closed its end with orders unread in it, which is told before what it said.
                Err(err) if err.kind() == io::ErrorKind::ConnectionReset => continue,
                Ok(None) | Err(_) => return said,
            };
            match Notice::from_bytes(&frame.bytes) {
                Ok(Notice::InHook(hook)) => said.hook = hook,
                Ok(Notice::LastWords(words)) => said.words = Some(words),
                _ => {}
            }
        }
    }

    /// Why a worker's socket was closed without a word: waits a moment for the server's end.
    pub(super) fn obituary(&self) -> String {
        self.await_end();
        match self.process().as_deref() {
            Some(Process::Dead(death)) => format!("the fork server {}", how(*death)),
            Some(Process::Alive(pid)) => {
                format!("the fork server (process {}) does not answer", pid.as_raw_nonzero())
            }
            Some(Process::Planned(_)) | None => "the fork server is gone".to_owned(),
        }
    }

    fn await_end(&self) {
        if let Some(pid) = self.alive() {
            wait_for_end(pid, FAREWELL);
        }
    }

    /// The server's process as it is now, buried if it has ended.
    fn process(&self) -> Option<MutexGuard<'_, Process>> {
        let mut process = self.lock_process()?;
        if let Process::Alive(pid) = *process {
            match reap(pid) {
                Ok(None) => {}
                Ok(Some(status)) => *process = Process::Dead(Death::from_status(status)),
                // Another part of the program has waited for it.
                Err(_) => *process = Process::Dead(Death::Unknown),
            }
        }
        Some(process)
    }

    fn lock_process(&self) -> Option<MutexGuard<'_, Process>> {
        Some(lock(self.process.as_ref()?))
    }

    /// Its pid, unless it is buried.
    fn alive(&self) -> Option<Pid> {
        match *self.process()? {
            Process::Alive(pid) => Some(pid),
            Process::Planned(_) | Process::Dead(_) => None,
        }
    }
}

impl Drop for Server {
    /// Hanging up ends the server; it is buried later.
    fn drop(&mut self) {
        if self.owner != std::process::id() {
            return;
        }
        let _ = rustix::net::shutdown(&self.control, rustix::net::Shutdown::Both);
        if let Some(pid) = self.alive() {
            let limit = Moment::now().after(FAREWELL);
            lock(dismissed()).push((pid, limit));
        }
    }
}

/// Servers that were told to end, and when they must have.
static DISMISSED: ProcessLocal<Mutex<Vec<(Pid, Moment)>>> = ProcessLocal::new();

fn dismissed() -> &'static Mutex<Vec<(Pid, Moment)>> {
    DISMISSED.get(Mutex::default)
}

/// Buries servers that have ended meanwhile, and ends those that do not by themselves. Never waits.
pub(super) fn bury_dismissed() {
    let Some(dismissed) = DISMISSED.peek() else { return };
    lock(dismissed).retain(|(pid, limit)| {
        if *limit <= Moment::now() {
            let _ = kill_process(*pid, Signal::KILL);
        }
        matches!(reap(*pid), Ok(None))
    });
}

/// Waits for servers that were told to end, and ends those that do not by themselves.
pub(super) fn await_dismissed() {
    let Some(dismissed) = DISMISSED.peek() else { return };
    let pids: Vec<Pid> = {
        let dismissed = lock(dismissed);
        dismissed.iter().map(|(pid, _)| *pid).collect()
    };
    for pid in pids {
        wait_for_end(pid, FAREWELL);
    }
    bury_dismissed();
}

/// Waits until a child of ours has ended, or `limit` has passed.
fn wait_for_end(pid: Pid, limit: Duration) {
    let Ok(pidfd) = pidfd_open(pid, PidfdFlags::empty()) else { return };
    let until = Moment::now().after(limit);
    let mut polled = [PollFd::new(&pidfd, PollFlags::IN)];
    while polled[0].revents().is_empty() && Moment::now() < until {
        crate::run::poll_until(&mut polled, Some(until));
    }
}
