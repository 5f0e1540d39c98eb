//! Has the fork server fork a supervisor of deferred tasks, and finds the hook that is the reason where
//! none comes up.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use super::hooks;
use super::pool::pool;
use super::server::Server;
use crate::config::Settings;
use crate::hooks::failure::{HookEnd, HookFailure};
use crate::outcome::End;

/// A supervisor that was asked for and may not be there yet.
pub(crate) struct AskedSupervisor {
    server: Arc<Server>,
    start_limit: Duration,
}

impl AskedSupervisor {
    /// Asks the fork server for one, and gives it its end of its socket.
    pub(crate) fn of_server(
        settings: &Settings,
        socket: &OwnedFd,
        log: Option<BorrowedFd<'_>>,
    ) -> io::Result<Self> {
        let asked = Self::at(server(settings)?, settings);
        if asked.server.start_supervisor(socket, log).is_ok() {
            return Ok(asked);
        }
        // It has ended unseen.
        if let Some(reason) = asked.died_in_hook() {
            return Err(io::Error::other(reason));
        }
        pool().forget_server(&asked.server);
        let asked = Self::at(server(settings)?, settings);
        asked.server.start_supervisor(socket, log)?;
        Ok(asked)
    }

    fn at(server: Arc<Server>, settings: &Settings) -> Self {
        Self { server, start_limit: settings.start_limit }
    }

    /// The hook that ended the server before it forked the supervisor, if one did, and how.
    pub(crate) fn died_in_hook(&self) -> Option<String> {
        Some(self.remember(&hooks::server_died_in(&self.server)?))
    }

    /// The hook that has not returned after the limit for that, if one is the reason why there is no
    /// supervisor after so long. Its server is ended.
    pub(crate) fn hung_in_hook(&self, waited: Duration) -> Option<String> {
        let limit = self.start_limit;
        let hook = Some(self.server.hook()?).filter(|_| waited >= limit)?;
        let reason = self.remember(&HookFailure::at(hook, HookEnd::Hung(limit))?);
        self.server.destroy_in_hook(limit);
        Some(reason)
    }

    /// Whoever comes next need not try it.
    fn remember(&self, failure: &HookFailure) -> String {
        pool().remember(failure);
        pool().forget_server(&self.server);
        failure.to_string()
    }
}

fn server(settings: &Settings) -> io::Result<Arc<Server>> {
    pool().server(settings).map_err(|end| {
        io::Error::other(match end {
            End::NotStarted(reason) | End::Unsupported(reason) => reason,
            other => format!("{other:?}"),
        })
    })
}
