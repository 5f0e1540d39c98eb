//! What a caller keeps of deferred tasks: a handle to each deferral, and a list of those that are not
//! done, for `flush`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use super::Names;
use crate::context::Moment;
use crate::duration::Spelled;
use crate::error::{Error, ErrorKind};
use crate::locks::lock;

/// Tasks that were deferred together: they run whether this is kept or dropped.
///
/// # Examples
///
/// ```
/// use concur::concurrent;
///
/// let name = "orders".to_owned();
/// let deferred = concurrent! { report => println!("the report of {name}") }.defer()?;
/// // ... what the user waits for ...
/// deferred.wait()?;
/// # Ok::<(), concur::Error>(())
/// ```
#[derive(Clone)]
pub struct Deferred(Arc<Entry>);

impl fmt::Debug for Deferred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Entry { id, names, .. } = &*self.0;
        f.debug_struct("Deferred")
            .field("id", id)
            .field("tasks", &format_args!("{names}"))
            .finish_non_exhaustive()
    }
}

impl Deferred {
    pub(super) fn of(entry: Arc<Entry>) -> Self {
        Self(entry)
    }

    /// The number of this deferral in this process, from 1: it stands in the log.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.0.id
    }

    /// Whether all of its tasks have ended. Never waits.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.0.look();
        self.0.is_done()
    }

    /// Blocks until all of its tasks have ended, however long that takes: set a timeout or a deadline
    /// on what is deferred, or use [`wait_for`](Deferred::wait_for). Values of tasks are not kept.
    ///
    /// # Errors
    ///
    /// The failures of its tasks; or that the process that ran them is gone, and whether they may
    /// have run.
    pub fn wait(&self) -> Result<(), Error> {
        self.0.wait_until(None);
        self.0.result()
    }

    /// Blocks until all of its tasks have ended, or `limit` has passed. The tasks go on in that case.
    ///
    /// # Errors
    ///
    /// As [`wait`](Deferred::wait); an error of the kind [`TimedOut`](ErrorKind::TimedOut) when the
    /// time is over.
    pub fn wait_for(&self, limit: Duration) -> Result<(), Error> {
        self.0.wait_until(Some(Moment::now().after(limit)));
        if self.0.is_done() {
            return self.0.result();
        }
        Err(still_going(limit, std::slice::from_ref(&self.0)))
    }
}

/// Waits until everything that this process has deferred so far is done, `limit` at the most.
///
/// Failures of tasks are no error here: they are in the log, and told by [`Deferred::wait`]. The
/// program's hooks for failures are told after it on drivers Process and Fork, and it does not wait for
/// them.
///
/// # Errors
///
/// An error of the kind [`TimedOut`](ErrorKind::TimedOut) that names the tasks which are not done.
/// They go on (on drivers Thread and Sync as long as this process lives).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use concur::concurrent;
///
/// concurrent! { report => println!("sent") }.defer()?;
/// concur::flush(Duration::from_secs(10))?;
/// # Ok::<(), concur::Error>(())
/// ```
pub fn flush(limit: Duration) -> Result<(), Error> {
    flush_those(limit, |_| true)
}

/// How long the end of `main` waits for deferred tasks that end with the process.
const END_LIMIT: Duration = Duration::from_secs(30);

/// Waits for what ends with this process, and says what is lost with it.
pub(crate) fn flush_at_end() {
    if let Err(err) = flush_those(END_LIMIT, Entry::is_local) {
        eprintln!("concur: the program ends, and with it what it runs itself: {err}");
    }
}

fn flush_those(limit: Duration, which: impl Fn(&Entry) -> bool) -> Result<(), Error> {
    let until = Moment::now().after(limit);
    let pending: Vec<Arc<Entry>> =
        lock(pending()).values().filter(|entry| which(entry)).map(Arc::clone).collect();
    for entry in &pending {
        entry.wait_until(Some(until));
    }
    // Those behind one that took all the time were not looked at.
    super::look_at_forks();
    let left: Vec<Arc<Entry>> = pending.into_iter().filter(|entry| !entry.is_done()).collect();
    if left.is_empty() { Ok(()) } else { Err(still_going(limit, &left)) }
}

fn still_going(limit: Duration, entries: &[Arc<Entry>]) -> Error {
    let names: Vec<String> = entries.iter().map(|entry| entry.names.to_string()).collect();
    Error::new(
        ErrorKind::TimedOut,
        format!("deferred tasks were not done after {}: {}", Spelled(limit), names.join(", ")),
    )
}

/// Who runs a deferral, as its entry asks for news.
pub(crate) trait Source: Send + Sync {
    /// Takes in what has been told. Never waits.
    fn look(&self);

    /// Waits until this deferral has ended or can never be told of, or the moment has come.
    fn wait(&self, entry: &Entry, until: Option<Moment>);
}

/// One deferral, as this process knows it.
pub(crate) struct Entry {
    id: u64,
    names: Names,
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Default)]
struct State {
    result: Option<Result<(), Error>>,
    /// Where news come from; `None` for what runs in this process.
    source: Option<Arc<dyn Source>>,
    listed: bool,
}

/// A bound on each sleep keeps a condition variable's clock out of the question.
pub(super) const LONGEST_SLEEP: Duration = Duration::from_secs(3600);

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

#[cfg(target_os = "linux")]
static PENDING: crate::sys::process_local::ProcessLocal<Mutex<BTreeMap<u64, Arc<Entry>>>> =
    crate::sys::process_local::ProcessLocal::new();
#[cfg(not(target_os = "linux"))]
static PENDING: Mutex<BTreeMap<u64, Arc<Entry>>> = Mutex::new(BTreeMap::new());

/// What was deferred and is not done, by its number. A fork of this process has deferred nothing yet.
fn pending() -> &'static Mutex<BTreeMap<u64, Arc<Entry>>> {
    #[cfg(target_os = "linux")]
    return PENDING.get(Mutex::default);
    #[cfg(not(target_os = "linux"))]
    return &PENDING;
}

impl Entry {
    pub(super) fn new(names: Names) -> Self {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        Self { id, names, state: Mutex::default(), ended: Condvar::new() }
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    #[cfg(target_os = "linux")]
    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    /// From now on `flush` waits for it.
    pub(super) fn list(self: &Arc<Self>, source: Option<Arc<dyn Source>>) {
        let mut state = lock(&self.state);
        state.source = source;
        state.listed = true;
        drop(state);
        lock(pending()).insert(self.id, Arc::clone(self));
    }

    /// All of its tasks have ended.
    pub(super) fn end(&self, result: Result<(), Error>) {
        let mut state = lock(&self.state);
        if state.result.is_none() {
            state.result = Some(result);
        }
        state.source = None;
        let was_listed = std::mem::take(&mut state.listed);
        drop(state);
        self.ended.notify_all();
        if was_listed {
            lock(pending()).remove(&self.id);
        }
    }

    pub(super) fn is_done(&self) -> bool {
        lock(&self.state).result.is_some()
    }

    fn is_local(&self) -> bool {
        lock(&self.state).source.is_none()
    }

    fn result(&self) -> Result<(), Error> {
        lock(&self.state).result.clone().unwrap_or(Ok(()))
    }

    pub(super) fn look(&self) {
        let source = lock(&self.state).source.clone();
        if let Some(source) = source {
            source.look();
        }
    }

    fn wait_until(&self, until: Option<Moment>) {
        loop {
            let state = lock(&self.state);
            let left = until.map(|until| until.since(Moment::now()));
            if state.result.is_some() || left.is_some_and(|left| left.is_zero()) {
                return;
            }
            if let Some(source) = state.source.clone() {
                drop(state);
                source.wait(self, until);
            } else {
                let left = left.unwrap_or(LONGEST_SLEEP);
                drop(self.ended.wait_timeout(state, left));
            }
        }
    }
}
