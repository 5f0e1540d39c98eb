//! The fork server: small, single-threaded, forks workers when it is told and sees to their end.
//!
//! It is told by the process that started it and by workers whose tasks hold blocks themselves; each
//! is a client with a control socket of its own. It keeps the worker's end of every worker's socket,
//! so that it can tell a caller of a death after everything that the worker said. It and the workers
//! adopt orphans: when a worker has died, whatever it had started falls to the server, whatever its
//! session, and is killed before the death is told ([`burial`]).
//!
//! Before it forks the first one it runs the hooks of `preload`. If one fails, the server forks none
//! and answers whoever asks with what the hook said.

mod burial;
mod starting;

use std::collections::VecDeque;
use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use self::burial::Dead;
use super::hooks;
use super::members::{Client, Sockets, Start, Worker, end_process};
use crate::channel::{close_on_exec_pair, receive};
use crate::config;
use crate::processes::thread_count;
use crate::sys::child_signal;
use crate::wire::{Command, Hello, Notice};

/// What `ps` calls it, which would be named after `/proc/self/exe`.
const NAME: &CStr = c"concur-server";

/// The server and everything it holds.
struct Server {
    clients: Vec<Client>,
    workers: Vec<Worker>,
    /// Workers that wait for a slot at their level.
    queued: VecDeque<Start>,
    /// Workers that have died, until what they left behind is gone as well.
    dead: Vec<Dead>,
    /// Those of deferred tasks, its own and adopted ones, which outlive the server.
    supervisors: Vec<Pid>,
    next_client: u32,
    /// Given up by a fork that becomes a worker.
    own: Option<Own>,
    /// Whether other threads were started before the door or by a hook: then forking is not safe.
    threaded: bool,
    /// What a hook of `preload` said that failed: then there are no workers.
    fault: Option<Notice>,
    /// What hooks of `preload` have started. It ends with the server, not with a worker.
    residents: Vec<Pid>,
}

/// What is the server's alone, but for the knocker, of which each worker has a copy.
struct Own {
    /// The process that started the server.
    caller: OwnedFd,
    /// Where workers ask for a control socket of their own.
    knock: OwnedFd,
    /// The workers' end of it.
    knocker: OwnedFd,
    /// Ends of children.
    signals: OwnedFd,
}

/// The life of the server: ends with its caller.
pub(super) fn serve(control: OwnedFd, hello: Hello, descriptors: Vec<OwnedFd>) {
    config::inherit(hello.file.clone());
    let Some(parent) = rustix::process::getppid() else { return };
    let Ok(caller) = pidfd_open(parent, PidfdFlags::empty()) else { return };
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    let _ = rustix::thread::set_name(NAME);
    super::tasks::prepare();
    let (threaded, fault) = prepare_for_forks(&control, parent);
    let (Ok((knock, knocker)), Ok(signals)) = (close_on_exec_pair(), ends_of_children(threaded))
    else {
        return;
    };
    let first = Client {
        id: 0,
        control,
        hello: Some(hello),
        board: descriptors.into_iter().next().map(Arc::new),
    };
    let mut server = Server {
        clients: vec![first],
        workers: Vec::new(),
        queued: VecDeque::new(),
        dead: Vec::new(),
        supervisors: Vec::new(),
        next_client: 1,
        own: Some(Own { caller, knock, knocker, signals }),
        threaded,
        fault,
        residents: hooks::started_by_preload(),
    };
    // The caller may have ended before its pidfd was open; then that pidfd is somebody else's.
    if rustix::process::getppid() == Some(parent) {
        server.run();
    }
    server.end();
}

/// Runs the hooks of `preload`. Whether forking is not safe, and what a hook said that failed.
fn prepare_for_forks(control: &OwnedFd, caller: Pid) -> (bool, Option<Notice>) {
    if thread_count() > 1 {
        // Each worker runs these hooks itself.
        eprintln!(
            "concur: threads were started before `main`, so each worker is executed anew instead \
             of forked, which takes longer"
        );
        return (true, None);
    }
    match hooks::preload(control, caller) {
        Ok(None) => (false, None),
        Ok(Some(left)) => {
            eprintln!(
                "concur: the {} left {} running, which no fork has, so each worker is executed anew \
                 instead of forked and runs the preload hooks for itself: that takes longer and \
                 shares no memory",
                left.site,
                if left.count == 1 {
                    "a thread".to_owned()
                } else {
                    format!("{} threads", left.count)
                }
            );
            (true, None)
        }
        Err(mut fault) => {
            crate::cuts::fault(&mut fault);
            (false, Some(Notice::Fault(fault)))
        }
    }
}

fn ends_of_children(threaded: bool) -> io::Result<OwnedFd> {
    if threaded { child_signal::event() } else { child_signal::descriptor() }
}

impl Server {
    /// Until the caller is gone, by its process or by its socket.
    fn run(&mut self) {
        // The first order came with the server.
        if self.obey(&[0]).is_err() {
            return;
        }
        loop {
            let ready = self.wait();
            if ready.caller || self.obey(&ready.clients).is_err() {
                return;
            }
            if ready.signals {
                let _ = rustix::io::read(&self.own().signals, &mut [0; 1024]);
            }
            if ready.signals || !self.dead.is_empty() {
                // A worker that was a client hung up before it was dead: its own workers go as well.
                let everybody: Vec<u32> = self.clients.iter().map(|client| client.id).collect();
                if self.obey(&everybody).is_err() {
                    return;
                }
                self.bury();
            }
            if ready.knock {
                self.let_clients_in();
            }
        }
    }

    fn wait(&self) -> Ready {
        let Own { caller, signals, knock, .. } = self.own();
        let fixed = [caller.as_fd(), signals.as_fd(), knock.as_fd()];
        let mut polled: Vec<PollFd<'_>> = fixed
            .into_iter()
            .chain(self.clients.iter().map(|client| client.control.as_fd()))
            .map(|descriptor| PollFd::from_borrowed_fd(descriptor, PollFlags::IN))
            .collect();
        let until = self.dead.iter().map(|dead| dead.told_by).min();
        crate::run::poll_until(&mut polled, until);
        let is_ready = |polled: &PollFd<'_>| !polled.revents().is_empty();
        let clients = self.clients.iter().zip(&polled[3..]);
        Ready {
            caller: is_ready(&polled[0]),
            signals: is_ready(&polled[1]),
            knock: is_ready(&polled[2]),
            clients: clients
                .filter(|(_, polled)| is_ready(polled))
                .map(|(client, _)| client.id)
                .collect(),
        }
    }

    /// Does what clients say. An error when the first client, the caller, has hung up.
    fn obey(&mut self, ready: &[u32]) -> io::Result<()> {
        for id in ready {
            while let Some(at) = self.clients.iter().position(|client| client.id == *id) {
                match receive(&self.clients[at].control, false) {
                    Ok(Some(frame)) => self.command(at, &frame.bytes, frame.descriptors),
                    Err(err) if err.kind() == io::ErrorKind::WouldBlock => break,
                    Ok(None) | Err(_) if *id == 0 => return Err(io::ErrorKind::BrokenPipe.into()),
                    Ok(None) | Err(_) => self.dismiss(*id),
                }
            }
        }
        Ok(())
    }

    fn command(&mut self, at: usize, bytes: &[u8], descriptors: Vec<OwnedFd>) {
        let client = &mut self.clients[at];
        match Command::from_bytes(bytes) {
            Ok(Command::Hello(hello)) => {
                client.hello = Some(hello);
                client.board = descriptors.into_iter().next().map(Arc::new);
            }
            Ok(Command::Start { worker, slot, lanes }) => {
                // Closing what came tells the caller that it was not understood, or did not all
                // arrive: this process has no descriptor free.
                let Some(sockets) = Sockets::of(descriptors, lanes.len()) else { return };
                if let Some(fault) = &self.fault {
                    return sockets.tell(fault);
                }
                match client.admit() {
                    Ok((hello, board)) => {
                        let (client, level) = (client.id, hello.level);
                        let start = Start { client, level, worker, slot, lanes, board, sockets };
                        self.start_or_queue(start);
                    }
                    Err(reason) => sockets.tell(&Notice::NotStarted(reason)),
                }
            }
            Ok(Command::Kill { worker }) => {
                let client = client.id;
                self.kill(client, worker);
            }
            Ok(Command::Supervise { .. }) => {
                let mut descriptors = descriptors.into_iter();
                let Some(caller) = descriptors.next() else { return };
                // Its caller sees that the socket is closed, where it cannot be had.
                if client.admit().is_ok() {
                    self.start_supervisor(caller, descriptors.next());
                }
            }
            Ok(Command::Serve { .. }) | Err(_) => {}
        }
    }

    fn own(&self) -> &Own {
        self.own.as_ref().expect("only a fork that becomes a worker gives it up")
    }

    fn kill(&mut self, client: u32, worker: u32) {
        let is_it = |start: &Start| start.client == client && start.worker == worker;
        if let Some(at) = self.queued.iter().position(is_it) {
            if let Some(start) = self.queued.remove(at) {
                start.sockets.tell(&Notice::NotStarted("it was cancelled".to_owned()));
            }
        }
        let found = self.workers.iter().find(|one| one.client == client && one.id == worker);
        if let Some(worker) = found {
            end_process(worker.pid);
        }
    }

    /// A client is gone: so are its workers.
    fn dismiss(&mut self, id: u32) {
        self.clients.retain(|client| client.id != id);
        self.queued.retain(|start| start.client != id);
        for worker in self.workers.iter().filter(|worker| worker.client == id) {
            end_process(worker.pid);
        }
    }

    fn let_clients_in(&mut self) {
        while let Ok(Some(frame)) = receive(&self.own().knock, false) {
            let Some(control) = frame.descriptors.into_iter().next() else { continue };
            let id = self.next_client;
            self.next_client += 1;
            self.clients.push(Client { id, control, hello: None, board: None });
        }
    }
}

/// What a wait has found.
struct Ready {
    caller: bool,
    signals: bool,
    knock: bool,
    clients: Vec<u32>,
}
