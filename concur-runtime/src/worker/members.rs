//! Those the fork server has to do with: callers that ask for workers, workers that were asked for,
//! workers that run.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::channel::send;
use crate::wire::{Hello, Notice, PROTOCOL};

/// Somebody who asks for workers.
pub(super) struct Client {
    pub(super) id: u32,
    pub(super) control: OwnedFd,
    pub(super) hello: Option<Hello>,
    pub(super) board: Option<Arc<OwnedFd>>,
}

/// A worker that was asked for.
pub(super) struct Start {
    pub(super) client: u32,
    pub(super) level: u32,
    pub(super) worker: u32,
    pub(super) slot: u32,
    /// The slots of its lanes, if it has any.
    pub(super) lanes: Vec<u32>,
    pub(super) board: Arc<OwnedFd>,
    pub(super) sockets: Sockets,
}

/// A worker that runs.
pub(super) struct Worker {
    pub(super) pid: Pid,
    pub(super) client: u32,
    pub(super) level: u32,
    /// Its number with its client.
    pub(super) id: u32,
    pub(super) slot: u32,
    pub(super) board: Arc<OwnedFd>,
    pub(super) sockets: Sockets,
}

/// The worker's ends of its sockets: its own and those of its lanes.
pub(super) struct Sockets {
    pub(super) own: OwnedFd,
    pub(super) lanes: Vec<OwnedFd>,
}

impl Sockets {
    /// All that came with the order to start a worker, if they are as many as it says.
    pub(super) fn of(descriptors: Vec<OwnedFd>, lanes: usize) -> Option<Self> {
        let mut descriptors = descriptors.into_iter();
        let own = descriptors.next()?;
        let sockets = Self { own, lanes: descriptors.collect() };
        (sockets.lanes.len() == lanes).then_some(sockets)
    }

    /// Closes the conversation on every one.
    pub(super) fn hang_up(&self) {
        for socket in std::iter::once(&self.own).chain(&self.lanes) {
            let _ = rustix::net::shutdown(socket, rustix::net::Shutdown::Both);
        }
    }

    /// Tells it on every one: each has somebody who waits there.
    pub(super) fn tell(&self, notice: &Notice) {
        let Ok(bytes) = notice.to_bytes() else { return };
        for socket in std::iter::once(&self.own).chain(&self.lanes) {
            // A caller that is gone needs no notice.
            let _ = send(socket, &bytes);
        }
    }
}

impl Client {
    /// Whether this client may have workers: the same protocol, the same build.
    pub(super) fn admit(&self) -> Result<(&Hello, Arc<OwnedFd>), String> {
        let (Some(hello), Some(board)) = (&self.hello, &self.board) else {
            return Err("its caller did not introduce itself".to_owned());
        };
        if hello.protocol != PROTOCOL || hello.build != crate::task::registry::fingerprint() {
            return Err("the fork server runs another build than its caller: was the program \
                        replaced in a way that reaches running processes?"
                .to_owned());
        }
        Ok((hello, Arc::clone(board)))
    }
}

pub(super) fn end_process(pid: Pid) {
    let _ = kill_process_group(pid, Signal::KILL);
    let _ = kill_process(pid, Signal::KILL);
}

/// A caller that is gone needs no notice.
pub(super) fn tell(socket: &OwnedFd, notice: &Notice) {
    if let Ok(bytes) = notice.to_bytes() {
        let _ = send(socket, &bytes);
    }
}
