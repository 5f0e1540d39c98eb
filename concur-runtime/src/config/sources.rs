//! The sources of settings that a process has: its environment with the file that it names, read when
//! the first run asks, and what was installed.

use std::ffi::OsStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, RwLock};

use serde::{Deserialize, Serialize};

use super::{Source, environment};
use crate::error::Error;
use crate::locks::{read_lock, write_lock};

/// What a program has installed: a file that it loaded, and what it says in code.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Installed {
    pub(super) file: Option<Source>,
    pub(super) code: Source,
}

static INSTALLED: RwLock<Option<Arc<Installed>>> = RwLock::new(None);

pub(crate) fn install(installed: Installed) {
    *write_lock(&INSTALLED) = Some(Arc::new(installed));
}

/// What is installed, for a process that carries on for this one.
#[cfg(target_os = "linux")]
pub(crate) fn installed() -> Option<Installed> {
    read_lock(&INSTALLED).as_deref().cloned()
}

/// Calls `read` with the sources, the one that comes first first.
pub(super) fn with_all<T>(read: impl FnOnce(&[&Source]) -> Result<T, Error>) -> Result<T, Error> {
    let surroundings = surroundings()?;
    let installed = read_lock(&INSTALLED).clone();
    let mut sources = Vec::with_capacity(4);
    sources.push(&surroundings.environment);
    sources.extend(&surroundings.file);
    if let Some(installed) = &installed {
        sources.extend(&installed.file);
        sources.push(&installed.code);
    }
    read(&sources)
}

/// What the environment says, and the file that it names.
#[derive(Debug)]
pub(super) struct Surroundings {
    pub(super) environment: Source,
    pub(super) file: Option<Source>,
}

/// Read when the first run asks, and told of mistakes by every run.
fn surroundings() -> Result<&'static Surroundings, Error> {
    static READ: OnceLock<Result<Surroundings, Error>> = OnceLock::new();
    READ.get_or_init(|| read(true)).as_ref().map_err(Clone::clone)
}

/// Reads the environment as it is now. Who asks for `advice` is told of variables that look like
/// slips, on stderr.
pub(super) fn read(advice: bool) -> Result<Surroundings, Error> {
    let environment = environment::read(std::env::vars_os())?;
    if advice && !IS_MADE_FOR_TASKS.load(Ordering::Relaxed) {
        for (name, meant) in &environment.slips {
            eprintln!("concur: the environment variable {name} is no setting: is {meant} meant?");
        }
    }
    let file = environment.file.as_deref().map(read_named).transpose()?;
    Ok(Surroundings { environment: environment.source, file })
}

/// What the file says that the environment names, once it was read. Processes that are made for tasks
/// have it from their caller: the file may be gone by then, or they may not be allowed to read it.
static NAMED: OnceLock<Source> = OnceLock::new();

/// Whether this process was made for tasks.
static IS_MADE_FOR_TASKS: AtomicBool = AtomicBool::new(false);

/// What a process that is made for tasks has to know of the file.
#[cfg(target_os = "linux")]
pub(crate) fn inherited() -> Option<Source> {
    NAMED.get().cloned()
}

/// In a process that is made for tasks, or will be forked into such: what its caller has read.
#[cfg(target_os = "linux")]
pub(crate) fn inherit(file: Option<Source>) {
    IS_MADE_FOR_TASKS.store(true, Ordering::Relaxed);
    if let Some(file) = file {
        let _ = NAMED.set(file);
    }
}

/// The file that `CONCUR_CONFIG` names.
fn read_named(path: &OsStr) -> Result<Source, Error> {
    if let Some(file) = NAMED.get() {
        return Ok(file.clone());
    }
    #[cfg(target_os = "linux")]
    if crate::sys::door::is_set_user_id() {
        return Err(Error::config(format!(
            "{} is not obeyed in a program with more rights than its caller (set-user-id, file \
             capabilities)",
            environment::place("CONCUR_CONFIG")
        )));
    }
    let source = load(path)?;
    let _ = NAMED.set(source.clone());
    Ok(source)
}

#[cfg(feature = "config-file")]
fn load(path: &OsStr) -> Result<Source, Error> {
    let place = environment::place("CONCUR_CONFIG");
    if path.is_empty() {
        return Err(super::mistake(&place, "", "the path of a file"));
    }
    let text =
        super::file::read(path.as_ref()).map_err(|err| Error::config(format!("{place}: {err}")))?;
    super::file::parse(&text)
}

#[cfg(not(feature = "config-file"))]
fn load(path: &OsStr) -> Result<Source, Error> {
    Err(Error::config(format!(
        "{}: `{}` cannot be read: this program was built without the feature `config-file` of concur",
        environment::place("CONCUR_CONFIG"),
        path.to_string_lossy()
    )))
}
