//! The task of a process made for tasks: any of its threads may ask about it.
//!
//! What the caller says meanwhile, and what the task asks of the caller, stands in the slot of the
//! process; the rest is kept here, set by whoever runs the task. In any other process there is no slot
//! and nothing here is ever touched.

use std::cell::Cell;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use super::{Around, Facts};
use crate::channel::{self, grace};
use crate::context::{Context, Moment};
use crate::locks::lock;
use crate::sys::own_slot;

thread_local! {
    /// Whether this is the thread that runs the tasks of this process.
    static RUNS_TASKS: Cell<bool> = const { Cell::new(false) };
}

static OWN: Mutex<Own> =
    Mutex::new(Own { number: None, socket: None, task: None, nested_limit: None, depth: 0 });

/// When the time of the task that runs is over, in nanoseconds of the monotonic clock.
static EXPIRES: AtomicU64 = AtomicU64::new(NEVER);

const NEVER: u64 = u64::MAX;

struct Own {
    /// The number of this worker.
    number: Option<u32>,
    /// Where its caller wakes it.
    socket: Option<Arc<OwnedFd>>,
    /// The task that runs, or the last one.
    task: Option<Facts>,
    nested_limit: Option<u32>,
    depth: u32,
}

fn own() -> MutexGuard<'static, Own> {
    lock(&OWN)
}

/// This process is made for tasks; its slot is published already.
pub(crate) fn settle(number: u32, socket: &Arc<OwnedFd>) {
    let mut own = own();
    own.number = Some(number);
    own.socket = Some(Arc::clone(socket));
}

/// A task begins on this thread; its request is taken already.
pub(crate) fn begin(mut task: Facts, context: &Context) {
    RUNS_TASKS.set(true);
    let expires = task.expires().map_or(NEVER, Moment::as_nanos);
    EXPIRES.store(expires, Ordering::Relaxed);
    let mut own = own();
    task.worker = own.number;
    own.nested_limit = context.nested_limit;
    own.depth = context.depth;
    let before = own.task.replace(task);
    drop(own);
    drop(before);
}

/// The request that this process works on, if it does.
fn turn() -> Option<u32> {
    let worker = &own_slot::header()?.worker;
    let taken = worker.taken_turn.load(Ordering::Relaxed);
    (worker.response_turn.load(Ordering::Relaxed) != taken).then_some(taken)
}

pub(super) fn facts(of: u32) -> Option<Facts> {
    let own = own();
    own.task.clone().filter(|_| turn() == Some(of))
}

/// What a thread is part of that the task of this process has started.
pub(crate) fn context() -> Option<Context> {
    let turn = turn()?;
    let own = own();
    Some(Context {
        depth: own.depth,
        deadline: own.task.as_ref()?.deadline,
        nested_limit: own.nested_limit,
        around: Around::Process(turn),
    })
}

pub(super) fn is_cancelled(of: u32) -> bool {
    let Some(header) = own_slot::header() else { return false };
    if header.worker.taken_turn.load(Ordering::Relaxed) != of {
        return false;
    }
    let expires = EXPIRES.load(Ordering::Relaxed);
    header.caller.stopping.load(Ordering::Acquire) == 1
        || (expires != NEVER && Moment::now().as_nanos() >= expires)
}

pub(super) fn ask_for(of: u32, time: Duration) {
    let Some(header) = own_slot::header().filter(|_| turn() == Some(of)) else { return };
    header.worker.grace.store(grace::pack(of, time), Ordering::SeqCst);
}

/// Where a run that is part of the task hears that it has to stop: only if the task has asked for
/// time, since otherwise it is killed at that moment.
///
/// Only on the thread that runs the task. It alone reads from the socket, or it could miss there the
/// word of its next task.
pub(super) fn socket(of: u32) -> Option<Arc<OwnedFd>> {
    let header = own_slot::header()?;
    let asked = grace::unpack(header.worker.grace.load(Ordering::Relaxed), of);
    if asked.is_zero() || !RUNS_TASKS.get() || turn() != Some(of) {
        return None;
    }
    own().socket.clone()
}

/// Reads what came to that socket: while a task runs, a word to wake up and nothing else. `true` if
/// the caller is gone.
pub(super) fn hear(of: u32) -> bool {
    socket(of).is_some_and(|socket| channel::drain(&*socket))
}
