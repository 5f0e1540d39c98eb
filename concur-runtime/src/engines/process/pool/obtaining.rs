//! How a worker is had: one that is kept, or a new one, and the server that forks it.

use std::io;
use std::sync::Arc;

use super::super::hooks::{self, Remembered};
use super::super::lease::Worker;
use super::super::refusal;
use super::super::server::Server;
use super::{State, kept_for};
use crate::config::Settings;
use crate::outcome::End;

impl State {
    pub(super) fn take_worker(&mut self, settings: &Settings) -> Result<Worker, End> {
        // One that serves somebody else is retired.
        self.server(settings)?;
        let kept = if settings.wants_own_worker() { self.spares.pop() } else { self.idle.pop() };
        if let Some(worker) = kept.or_else(|| self.spares.pop()) {
            return Ok(worker);
        }
        self.make_room(settings);
        self.start(settings, |state, server| state.new_worker(server, settings))
    }

    /// A lane of a worker that is there, or of a new one if it has another number of lanes.
    pub(super) fn take_lane(&mut self, settings: &Settings, lanes: usize) -> Result<Worker, End> {
        // One that serves somebody else is retired.
        self.server(settings)?;
        match self.crews.take(lanes, settings.tasks_per_worker) {
            Some((worker, gone)) => {
                self.let_all_go(gone);
                Ok(worker)
            }
            None => self.share_worker(settings, lanes),
        }
    }

    /// A lane of a new worker.
    pub(super) fn share_worker(
        &mut self,
        settings: &Settings,
        lanes: usize,
    ) -> Result<Worker, End> {
        self.make_room(settings);
        self.start(settings, |state, server| {
            let id = state.next_id();
            state.crews.add(server, id, server.start_worker(id, kept_for(settings), lanes)?);
            Ok(())
        })?;
        self.take_lane(settings, lanes)
    }

    /// Idle workers count, so that there are never more than the limit says.
    fn make_room(&mut self, settings: &Settings) {
        while self.idle.len() + self.crews.idle() > 0
            && self.leased + self.crews.busy() + self.idle.len() + self.crews.idle()
                >= settings.workers()
        {
            let gone = if self.idle.is_empty() {
                self.crews.close_idle().unwrap_or_default()
            } else {
                vec![self.idle.remove(0)]
            };
            self.let_all_go(gone);
        }
    }

    /// Starts a worker: with the server that is there, or once more with a new one, if that has died
    /// unseen.
    fn start<T>(
        &mut self,
        settings: &Settings,
        start: impl Fn(&mut Self, &Arc<Server>) -> io::Result<T>,
    ) -> Result<T, End> {
        let server = self.server(settings)?;
        start(self, &server).or_else(|_| {
            let failure = hooks::server_died_in(&server);
            self.retire_server();
            if let Some(failure) = failure {
                self.failed = Remembered::from(&failure);
                return Err(End::Hook(Box::new(failure)));
            }
            let server = self.server(settings)?;
            start(self, &server).map_err(|err| {
                End::NotStarted(format!("the fork server cannot be asked for a worker: {err}"))
            })
        })
    }

    pub(super) fn new_worker(
        &mut self,
        server: &Arc<Server>,
        settings: &Settings,
    ) -> io::Result<Worker> {
        let id = self.next_id();
        let (end, _) = server.start_worker(id, kept_for(settings), 0)?;
        Ok(Worker::new(end, Arc::clone(server), id))
    }

    fn next_id(&mut self) -> u32 {
        let id = self.next_worker;
        self.next_worker = id.wrapping_add(1);
        id
    }

    /// The server, started if there is none, or if this process has become somebody else.
    pub(super) fn server(&mut self, settings: &Settings) -> Result<Arc<Server>, End> {
        if self.server.as_ref().is_some_and(|server| !server.fits()) {
            self.retire_server();
        }
        if let Some(server) = &self.server {
            return Ok(Arc::clone(server));
        }
        if let Some(refused) = refusal() {
            return Err(refused);
        }
        let server = Server::new(settings)
            .map_err(|err| End::NotStarted(format!("the fork server cannot be started: {err}")))?;
        self.server = Some(Arc::clone(&server));
        Ok(server)
    }
}
