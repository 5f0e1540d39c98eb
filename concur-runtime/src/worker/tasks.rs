//! One task in a process made for tasks: what is set up around it, and how its answer leaves.

use std::cell::RefCell;
use std::ffi::CString;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::process::{Pid, Signal, WaitId};

use crate::channel::{Request, WorkerEnd};
use crate::codec::CodecError;
use crate::context::{Context, Moment};
use crate::cuts;
use crate::driver::Driver;
use crate::engine::Job;
use crate::error::PanicInfo;
use crate::forward;
use crate::inside::{Around, Facts, own};
use crate::memory_limit;
use crate::outcome::{Ending, LastWords};
use crate::payload::{Payload, Reader};
use crate::processes::has_unburied;
use crate::shutdown;
use crate::sys::{fork, signals};
use crate::task::execute::execute;
use crate::task::{Entry, panic, registry};
use crate::wire::{Notice, RequestHead, tag};

/// Ties the process to its parent: it dies with it, adopts what its tasks leave behind, and is no
/// part of the terminal's foreground.
pub(crate) fn become_task_process(parent: Pid) {
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    if rustix::process::getppid() != Some(parent) {
        // It died before it could be watched.
        fork::exit_now(0);
    }
    let _ = rustix::process::setpgid(None, None);
    // Not in the terminal's foreground: writing there goes through, and reading is an error instead
    // of a stop that nobody would end.
    signals::ignore_terminal_stops();
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

/// Makes the current thread one that can run tasks: its panics are recorded, its last words ready.
/// Forks inherit that.
pub(crate) fn prepare() {
    let words = signals::LastWords {
        stack_overflow: tag::STACK_OVERFLOW,
        failed_allocation: tag::FAILED_ALLOCATION,
    };
    signals::install_handlers(&words);
    record_panics();
}

/// Puts our panic hook in front of whatever another part of the program has set.
pub(crate) fn record_panics() {
    panic::record_in_worker(|info| {
        let mut info: PanicInfo = info.clone();
        cuts::panic(&mut info);
        Notice::LastWords(LastWords::Panicked(Box::new(info))).to_bytes().unwrap_or_default()
    });
}

/// Runs the task of a request and answers it.
pub(super) fn run_requested(
    request: Result<Request, CodecError>,
    end: &mut WorkerEnd,
    output: &mut Payload,
) -> io::Result<()> {
    let (turn, started) = end.taken();
    let ending = call(request, started, |facts, head, entry, reader| {
        let context = context(head, Around::Process(turn));
        own::begin(facts, &context);
        forward::begin(turn, head.levels);
        run(entry, context, head.memory_limit, reader, output)
    });
    answer(end, ending, started, output)
}

/// Prepares what a request asks for, and has it run; an ending if it cannot be.
pub(super) fn call(
    request: Result<Request, CodecError>,
    started: Moment,
    run: impl FnOnce(Facts, &RequestHead, Entry, Reader<'_>) -> Ending,
) -> Ending {
    let mut request = match request {
        Ok(request) => request,
        Err(err) => return Ending::Undecodable(err.to_string()),
    };
    set_thread_name(&request.head.name);
    follow_directory(request.head.directory.as_deref());
    let facts = facts(&mut request.head, started);
    match (request.segments(), registry::find(request.head.entry)) {
        (Ok((shared, own)), Some(entry)) => {
            run(facts, &request.head, entry, Reader::with_shared(shared, own))
        }
        (Err(err), _) => Ending::Undecodable(err.to_string()),
        (_, None) => Ending::Undecodable("the worker's registry has no such task".to_owned()),
    }
}

/// The surroundings that a request gives its task.
pub(super) fn context(head: &RequestHead, around: Around) -> Context {
    let RequestHead { depth, deadline, nested_limit, .. } = *head;
    Context { depth, deadline, nested_limit, around }
}

/// What a request says of its task.
fn facts(head: &mut RequestHead, started: Moment) -> Facts {
    Facts {
        name: std::mem::take(&mut head.name).into(),
        index: usize::try_from(head.index).unwrap_or(usize::MAX),
        attempt: head.attempt,
        driver: Driver::Process,
        worker: None,
        started,
        timeout: head.timeout,
        deadline: head.deadline,
    }
}

/// Runs the task that this process was forked with and answers it.
pub(crate) fn run_forked(job: &Job, end: &mut WorkerEnd) -> io::Result<()> {
    let (turn, started) = end.taken();
    set_thread_name(&job.name);
    let reader = Reader::with_shared(job.shared.bytes(), job.input.bytes());
    let mut output = Payload::new();
    let context = Context { around: Around::Process(turn), ..job.context.clone() };
    own::begin(job.facts(started), &context);
    let limit = job.settings.memory_limit;
    let work = || run(job.entry.here, context, limit, reader, &mut output);
    let ending = forward::begin_in_fork(turn, job.view.levels(), work);
    answer(end, ending, started, &output)
}

fn run(
    entry: Entry,
    context: Context,
    memory_limit: Option<u64>,
    input: Reader<'_>,
    output: &mut Payload,
) -> Ending {
    context.deepen_process();
    as_task(|| {
        let held = match memory_limit.map(memory_limit::hold).transpose() {
            Ok(held) => held,
            Err(err) => return Ending::Refused(format!("its memory limit cannot be set: {err}")),
        };
        let ending = context.enter(|| execute(entry, input, output));
        drop(held);
        ending
    })
}

/// What surrounds every task of a process made for tasks.
pub(super) fn as_task<R>(work: impl FnOnce() -> R) -> R {
    let own = std::process::id();
    let result = work();
    if std::process::id() != own {
        // The task forked, and this is the child: the answer is its parent's to give.
        fork::exit_now(0);
    }
    flush_output();
    result
}

/// How long a task ran that began at this moment, in nanoseconds.
pub(super) fn elapsed(started: Moment) -> u64 {
    u64::try_from(Moment::now().since(started).as_nanos()).unwrap_or(u64::MAX)
}

fn answer(
    end: &mut WorkerEnd,
    ending: Ending,
    started: Moment,
    output: &Payload,
) -> io::Result<()> {
    // Before the answer is there: the caller may end as soon as it has it.
    end.keeps(crate::worker_local::are_kept());
    // A child that has ended may be one that a task's process left behind and this one adopted; which
    // it is cannot be told, so the server buries it.
    let is_spent = has_unburied(WaitId::All) || shutdown::has_begun();
    end.answer(ending, elapsed(started), is_spent, output)
}

/// Writes out what Rust and C have buffered.
pub(crate) fn flush_output() {
    let _ = io::stdout().flush();
    fork::flush_c_streams();
}

/// Makes standard input empty.
pub(crate) fn empty_stdin() -> rustix::io::Result<()> {
    let null =
        rustix::fs::open("/dev/null", rustix::fs::OFlags::RDONLY, rustix::fs::Mode::empty())?;
    rustix::stdio::dup2_stdin(null)
}

/// What `ps` and debuggers show; 15 bytes are kept.
fn set_thread_name(name: &str) {
    thread_local! {
        static PRESENT: RefCell<String> = const { RefCell::new(String::new()) };
    }
    if PRESENT.with_borrow(|present| present == name) {
        return;
    }
    PRESENT.with_borrow_mut(|present| name.clone_into(present));
    let short: Vec<u8> = name.bytes().filter(|byte| *byte != 0).take(15).collect();
    if let Ok(name) = CString::new(short) {
        let _ = rustix::thread::set_name(&name);
    }
}

/// The working directory follows the caller's.
pub(super) fn follow_directory(wanted: Option<&[u8]>) {
    let Some(wanted) = wanted else { return };
    let wanted = Path::new(std::ffi::OsStr::from_bytes(wanted));
    if std::env::current_dir().is_ok_and(|present| present == wanted) {
        return;
    }
    // A directory that is gone leaves the worker where it is, as it leaves the caller.
    let _ = std::env::set_current_dir(wanted);
}
