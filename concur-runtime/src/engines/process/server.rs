//! The caller's side of the fork server: starts it, tells it what to do, buries it.
//!
//! The server is this very binary, executed again. Everything it is told before it is up waits in
//! its socket, so nothing here waits for it.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::channel::{Board, CallerEnd, close_on_exec_pair, send, send_with};
use crate::config::Settings;
use crate::context::Moment;
use crate::error::how;
use crate::outcome::Death;
use crate::wire::{self, Hello};
use crate::worker::door;

/// A server that has lost its caller or was told to end needs about a millisecond.
const FAREWELL: Duration = Duration::from_millis(500);

/// The caller's side of one fork server.
pub(super) struct Server {
    control: OwnedFd,
    board: Arc<Board>,
    identity: Identity,
    /// The process that started it; a fork of that must leave it alone.
    owner: u32,
    /// The process, where it is a child of this one: a worker that calls uses its caller's server.
    child: Option<Mutex<Buried>>,
}

enum Buried {
    Not(Child),
    Yes(Death),
}

/// Who a process is; a server must not be used by somebody else than it was started by.
#[derive(Debug, PartialEq, Eq)]
struct Identity {
    user: u32,
    group: u32,
    groups: Vec<u32>,
}

impl Identity {
    fn now() -> Self {
        let groups = rustix::process::getgroups().unwrap_or_default();
        Self {
            user: rustix::process::geteuid().as_raw(),
            group: rustix::process::getegid().as_raw(),
            groups: groups.into_iter().map(rustix::process::Gid::as_raw).collect(),
        }
    }
}

impl Server {
    /// Starts a server, or, in a worker, finds the one that the worker came from.
    pub(super) fn start(settings: &Settings, depth: u32) -> io::Result<Arc<Self>> {
        let board = Board::create()?;
        let (ours, theirs) = close_on_exec_pair()?;
        let hello = Hello {
            protocol: wire::PROTOCOL,
            build: crate::task::registry::fingerprint(),
            depth,
            workers: u32::try_from(settings.workers).unwrap_or(u32::MAX),
            nested_limit: settings.nested_limit,
        };
        let hello = wire::Command::Hello(hello).to_first_bytes().map_err(io::Error::other)?;
        send_with(&ours, &hello, &[board.file().as_fd()])?;
        let child = match crate::worker::knock() {
            Some(knock) => {
                send_with(knock, &[wire::tag::WAKE], &[theirs.as_fd()])?;
                None
            }
            None => Some(Mutex::new(Buried::Not(execute_again(theirs)?))),
        };
        Ok(Arc::new(Self {
            control: ours,
            board,
            identity: Identity::now(),
            owner: std::process::id(),
            child,
        }))
    }

    /// Whether this process is still who it was when the server was started.
    pub(super) fn fits(&self) -> bool {
        self.identity == Identity::now()
    }

    /// Asks for a worker; the channel is there at once, the worker soon.
    pub(super) fn start_worker(&self, worker: u32) -> io::Result<CallerEnd> {
        let place = self.board.place()?;
        let (ours, theirs) = close_on_exec_pair()?;
        let command = wire::Command::Start { worker, slot: place.index() };
        let command = crate::codec::to_vec(&command).map_err(io::Error::other)?;
        send_with(&self.control, &command, &[theirs.as_fd()])?;
        Ok(CallerEnd::new(place, ours))
    }

    /// Asks for a worker's end and that of everything it started.
    pub(super) fn kill_worker(&self, worker: u32) -> io::Result<()> {
        let command = wire::Command::Kill { worker };
        let command = crate::codec::to_vec(&command).map_err(io::Error::other)?;
        send(&self.control, &command)
    }

    /// Ends a server that does not answer; its workers end with it.
    pub(super) fn destroy(&self) {
        if let Some(child) = &self.child {
            if let Buried::Not(child) = &mut *child.lock().unwrap_or_else(PoisonError::into_inner) {
                let _ = child.kill();
            }
        }
    }

    /// Whether the server has ended, and how, as far as can be told now.
    pub(super) fn death(&self) -> Option<Death> {
        let mut buried = self.child.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        if let Buried::Not(child) = &mut *buried {
            use std::os::unix::process::ExitStatusExt;
            let death = match child.try_wait() {
                Ok(None) => return None,
                Ok(Some(status)) => Death::from_status(status.into_raw()),
                Err(_) => Death::Unknown,
            };
            *buried = Buried::Yes(death);
        }
        match &*buried {
            Buried::Yes(death) => Some(*death),
            Buried::Not(_) => None,
        }
    }

    /// Why a worker's socket was closed without a word: waits a moment for the server's end.
    pub(super) fn obituary(&self) -> String {
        let Some(child) = &self.child else {
            return "the fork server is gone".to_owned();
        };
        let pid = match &*child.lock().unwrap_or_else(PoisonError::into_inner) {
            Buried::Not(child) => Some(child.id()),
            Buried::Yes(_) => None,
        };
        if let Some(pid) = pid {
            wait_for_end(pid, FAREWELL);
        }
        match self.death() {
            Some(death) => format!("the fork server {}", how(death)),
            None => "the fork server does not answer".to_owned(),
        }
    }
}

impl Drop for Server {
    /// Closing the control socket ends the server; here it is buried.
    fn drop(&mut self) {
        if self.owner != std::process::id() {
            return;
        }
        let Some(child) = self.child.take() else { return };
        let Buried::Not(child) = child.into_inner().unwrap_or_else(PoisonError::into_inner) else {
            return;
        };
        // The socket is closed only after this function, so tell the server by closing it early.
        let _ = rustix::net::shutdown(&self.control, rustix::net::Shutdown::Both);
        bury(child);
    }
}

/// Waits for the end of a server that was told to end, and kills one that does not.
fn bury(mut child: Child) {
    wait_for_end(child.id(), FAREWELL);
    if matches!(child.try_wait(), Ok(None)) {
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Waits until a child of ours has ended, or `limit` has passed.
fn wait_for_end(pid: u32, limit: Duration) {
    use rustix::event::{PollFd, PollFlags};
    use rustix::process::{Pid, PidfdFlags, pidfd_open};

    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let Some(Ok(pidfd)) = pid.map(|pid| pidfd_open(pid, PidfdFlags::empty())) else { return };
    let until = Moment::now().after(limit);
    let mut polled = [PollFd::new(&pidfd, PollFlags::IN)];
    while polled[0].revents().is_empty() && Moment::now() < until {
        crate::run::poll_until(&mut polled, Some(until));
    }
}

/// Executes the running binary again, with its control socket as standard input.
fn execute_again(control: OwnedFd) -> io::Result<Child> {
    let mut command = Command::new("/proc/self/exe");
    if let Some(name) = std::env::args_os().next() {
        command.arg0(name);
    }
    command
        .stdin(Stdio::from(control))
        .env(door::VARIABLE, door::VALUE)
        // Ctrl-C in a terminal is for the caller, who decides.
        .process_group(0)
        .spawn()
        .map_err(|err| {
            io::Error::new(err.kind(), format!("the binary cannot be executed again: {err}"))
        })
}
