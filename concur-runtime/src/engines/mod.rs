//! The engines behind the built-in drivers, and the bridge to engines of a user's own.

mod custom;
#[cfg(target_os = "linux")]
mod fork;
mod gate;
#[cfg(target_os = "linux")]
mod process;
mod queue;
mod sync;
mod thread;
mod warn;

use std::sync::Arc;

use crate::driver::Driver;
use crate::error::Error;
use crate::run::Launcher;
pub(crate) use warn::Asked;

#[cfg(target_os = "linux")]
pub(crate) use fork::danger as fork_danger;
#[cfg(target_os = "linux")]
pub(crate) use process::{AskedSupervisor, Identity, end_workers};
#[cfg(target_os = "linux")]
pub(crate) use thread::end_idle_threads;

/// What carries out the jobs of a driver.
pub(crate) fn launcher(driver: &Driver) -> Result<Arc<dyn Launcher>, Error> {
    Ok(match driver {
        Driver::Sync => Arc::new(sync::SyncLauncher),
        Driver::Thread => Arc::new(gate::Gated::new(thread::ThreadLauncher)),
        #[cfg(target_os = "linux")]
        Driver::Fork => Arc::new(gate::Gated::new(fork::ForkLauncher)),
        #[cfg(target_os = "linux")]
        Driver::Process => Arc::new(process::ProcessLauncher),
        #[cfg(not(target_os = "linux"))]
        Driver::Fork | Driver::Process => {
            return Err(Error::new(
                crate::error::ErrorKind::Unsupported,
                format!("driver `{driver}` works on Linux only: choose `thread` or `sync`"),
            ));
        }
        Driver::Named(name) => match crate::engine::find(name) {
            Some(engine) => Arc::new(custom::CustomLauncher(engine)),
            None => {
                return Err(Error::config(format!(
                    "there is no driver `{name}`: allowed are {}",
                    Driver::known_names()
                )));
            }
        },
    })
}
