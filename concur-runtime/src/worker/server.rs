//! The fork server: small, single-threaded, forks workers when it is told and sees to their end.
//!
//! It is told by the process that started it and by workers whose tasks hold blocks themselves; each
//! is a client with a control socket of its own. It keeps the worker's end of every worker's socket,
//! so that it can tell a caller of a death after everything that the worker said. It and the workers
//! adopt orphans: when a worker has died, whatever it had started falls to the server, whatever its
//! session, and is killed before the death is told.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::members::{Client, Start, Worker, end_process, tell};
use super::{serve, supervisor};
use crate::channel::{close_on_exec_pair, receive};
use crate::config;
use crate::context::Moment;
use crate::outcome::Death;
use crate::processes::{children_of, thread_count};
use crate::sys::fork::{self, Forked};
use crate::wire::{Command, Hello, Notice};

/// How long the server waits for what it has killed when it ends itself.
const LAST_LIMIT: Duration = Duration::from_millis(500);

/// The server and everything it holds.
struct Server {
    clients: Vec<Client>,
    workers: Vec<Worker>,
    /// Workers that wait for a slot at their level.
    queued: VecDeque<Start>,
    /// Workers that have died, until what they left behind is gone as well.
    dead: Vec<Dead>,
    /// Those of deferred tasks, which outlive the server.
    supervisors: Vec<Pid>,
    next_client: u32,
    /// Given up by a fork that becomes a worker.
    own: Option<Own>,
    /// Whether other threads were started before the door: then forking is not safe.
    threaded: bool,
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

/// A worker that has died.
struct Dead {
    worker: Worker,
    death: Death,
    /// When its death is told, even if something it left behind cannot be killed.
    told_by: Moment,
}

/// How long a death is held back for what the worker left behind.
const CLEANUP_LIMIT: Duration = Duration::from_secs(1);

/// The life of the server: ends with its caller.
pub(super) fn serve(control: OwnedFd, hello: Hello, descriptors: Vec<OwnedFd>) {
    config::inherit(hello.file.clone());
    let Some(parent) = rustix::process::getppid() else { return };
    let Ok(caller) = pidfd_open(parent, PidfdFlags::empty()) else { return };
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    let (Ok((knock, knocker)), Ok(signals)) =
        (close_on_exec_pair(), fork::child_signal_descriptor())
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
        threaded: thread_count() > 1,
    };
    super::tasks::prepare();
    if server.threaded {
        eprintln!(
            "concur: threads were started before `main`, so each worker is executed anew instead \
             of forked, which takes longer"
        );
    }
    // The caller may have ended before its pidfd was open; then that pidfd is somebody else's.
    if rustix::process::getppid() == Some(parent) {
        server.run();
    }
    server.end();
}

impl Server {
    /// Until the caller is gone, by its process or by its socket.
    fn run(&mut self) {
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
            Ok(Command::Start { worker, slot }) => {
                let Some(socket) = descriptors.into_iter().next() else { return };
                match client.admit() {
                    Ok((hello, board)) => {
                        let (client, level) = (client.id, hello.level);
                        let start = Start { client, level, worker, slot, board, socket };
                        self.start_or_queue(start);
                    }
                    Err(reason) => tell(&socket, &Notice::NotStarted(reason)),
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

    /// At the first level the caller's pool keeps the limit; below it, the server does, so that blocks
    /// inside tasks cannot multiply: each level has as many slots, and a task waits for those below it
    /// only, so somebody can always go on.
    fn start_or_queue(&mut self, start: Start) {
        let running = self.workers.iter().filter(|worker| worker.level == start.level).count();
        if start.level > 0 && running >= self.most_per_level() {
            tell(&start.socket, &Notice::Queued);
            self.queued.push_back(start);
            return;
        }
        self.start(start);
    }

    fn most_per_level(&self) -> usize {
        let set = self.clients[0].hello.as_ref().and_then(|hello| hello.workers);
        set.map_or_else(config::default_workers, |count| count as usize).max(1)
    }

    fn start(&mut self, start: Start) {
        let forked = if self.threaded {
            self.execute_worker(&start)
        } else {
            let server = rustix::process::getpid();
            match fork::fork() {
                Ok(Forked::Child) => self.become_worker(server, start),
                Ok(Forked::Parent(pid)) => Ok(pid),
                Err(err) => Err(err),
            }
        };
        match forked {
            Ok(pid) => {
                let Start { client, level, worker, socket, .. } = start;
                self.workers.push(Worker { pid, client, level, id: worker, socket });
            }
            Err(err) => {
                let reason = format!("no worker can be forked: {err}");
                tell(&start.socket, &Notice::NotStarted(reason));
            }
        }
    }

    fn start_supervisor(&mut self, caller: OwnedFd, log: Option<OwnedFd>) {
        let started = if self.threaded {
            let descriptors = [Some(caller.as_fd()), log.as_ref().map(AsFd::as_fd)];
            let descriptors: Vec<_> = descriptors.into_iter().flatten().collect();
            execute(&Command::Supervise { file: config::inherited() }, &descriptors)
        } else {
            match fork::fork() {
                Ok(Forked::Child) => {
                    self.forget_all();
                    drop(self.own.take());
                    supervisor::live(caller, log)
                }
                Ok(Forked::Parent(pid)) => Ok(pid),
                Err(err) => Err(err),
            }
        };
        self.supervisors.extend(started.ok());
    }

    /// In a fork: closes what is the server's.
    fn forget_all(&mut self) {
        self.clients.clear();
        self.workers.clear();
        self.queued.clear();
        self.dead.clear();
        fork::unblock_child_signal();
    }

    /// In the fork: closes what is the server's, keeps what was open before it (a constructor may
    /// have opened something that tasks use), and lives as a worker.
    fn become_worker(&mut self, server: Pid, start: Start) -> ! {
        self.forget_all();
        let Some(Own { knocker, .. }) = self.own.take() else { fork::exit_now(71) };
        let Start { socket, board, slot, level, .. } = start;
        serve::forked(server, socket, (board, slot), knocker, level + 1)
    }

    fn own(&self) -> &Own {
        self.own.as_ref().expect("only a fork that becomes a worker gives it up")
    }

    /// Executes the binary once more, as a worker.
    fn execute_worker(&self, start: &Start) -> io::Result<Pid> {
        let descriptors = [start.socket.as_fd(), start.board.as_fd(), self.own().knocker.as_fd()];
        let (slot, level) = (start.slot, start.level + 1);
        execute(&Command::Serve { slot, level, file: config::inherited() }, &descriptors)
    }

    fn kill(&mut self, client: u32, worker: u32) {
        let is_it = |start: &Start| start.client == client && start.worker == worker;
        if let Some(at) = self.queued.iter().position(is_it) {
            if let Some(start) = self.queued.remove(at) {
                tell(&start.socket, &Notice::NotStarted("it was cancelled".to_owned()));
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

    /// Buries children that have ended, and tells of a worker's death when nothing is left of it, or
    /// when what is left will not go (it may have become somebody else's).
    fn bury(&mut self) {
        let now = Moment::now();
        while let Some((pid, status)) = fork::reap_any() {
            self.supervisors.retain(|supervisor| *supervisor != pid);
            if let Some(at) = self.workers.iter().position(|worker| worker.pid == pid) {
                let worker = self.workers.swap_remove(at);
                let death = Death::from_status(status);
                self.dead.push(Dead { worker, death, told_by: now.after(CLEANUP_LIMIT) });
            }
        }
        if self.dead.is_empty() {
            return;
        }
        let left_behind = self.left_behind();
        let is_clean = left_behind.is_empty();
        // Their ends come as signals, and then this is asked again.
        left_behind.into_iter().for_each(end_process);
        for dead in std::mem::take(&mut self.dead) {
            if is_clean || dead.told_by <= now {
                let pid = dead.worker.pid.as_raw_nonzero().get().unsigned_abs();
                tell(&dead.worker.socket, &Notice::Died { pid, death: dead.death });
            } else {
                self.dead.push(dead);
            }
        }
        self.start_queued();
    }

    /// What dead workers had started: children that are no workers, and workers of workers.
    fn left_behind(&self) -> Vec<Pid> {
        let children = children_of(rustix::process::getpid()).into_iter();
        let is_wanted = |pid: &Pid| {
            let worker = self.workers.iter().find(|worker| worker.pid == *pid);
            worker
                .is_some_and(|worker| self.clients.iter().any(|client| client.id == worker.client))
        };
        let is_kept = |pid: &Pid| self.supervisors.contains(pid) || is_wanted(pid);
        children.filter(|pid| !is_kept(pid)).collect()
    }

    fn start_queued(&mut self) {
        for start in std::mem::take(&mut self.queued) {
            self.start_or_queue(start);
        }
    }

    /// Takes everything along.
    fn end(&mut self) {
        let until = Moment::now().after(LAST_LIMIT);
        loop {
            while fork::reap_any().is_some() {}
            let left = children_of(rustix::process::getpid()).into_iter();
            let left = left.filter(|pid| !self.supervisors.contains(pid));
            let known = self.workers.drain(..).map(|worker| worker.pid);
            let all: Vec<Pid> = known.chain(left).collect();
            if all.is_empty() || Moment::now() >= until {
                return;
            }
            for pid in all {
                end_process(pid);
            }
            let mut polled = [PollFd::new(&self.own().signals, PollFlags::IN)];
            crate::run::poll_until(&mut polled, Some(until));
            let _ = rustix::io::read(&self.own().signals, &mut [0; 1024]);
        }
    }
}

/// Executes the binary once more; it comes in by the door and does what the first message says. It is
/// buried with all the others, by its pid.
fn execute(first: &Command, descriptors: &[BorrowedFd<'_>]) -> io::Result<Pid> {
    let (ours, theirs) = close_on_exec_pair()?;
    let first = first.to_first_bytes().map_err(io::Error::other)?;
    crate::channel::send_with(&ours, &first, descriptors)?;
    crate::execute::again(&theirs)
}

/// What a wait has found.
struct Ready {
    caller: bool,
    signals: bool,
    knock: bool,
    clients: Vec<u32>,
}
