//! The life of a worker that runs several async tasks at once: a lane for each, with a slot, a socket and
//! a thread of its own, which serves it as an ordinary worker serves its only one.
//!
//! The first thread of the process runs no task. It waits on the worker's own socket for the word that
//! something was said to a lane, and keeps the time of tasks that were told to stop and have asked for
//! some. The process ends when all lanes have, or when one meets what should not be.

use std::os::fd::{AsRawFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use rustix::process::WaitId;

use super::serve::{DROP_LIMIT, drop_what_is_kept};
use super::{hooks, tasks};
use crate::channel::{Request, WorkerEnd, drain};
use crate::codec::CodecError;
use crate::context::{Context, Moment};
use crate::forward;
use crate::hooks::Stage;
use crate::inside::lane::Lane;
use crate::inside::{Around, Facts, Inside};
use crate::outcome::Ending;
use crate::payload::Payload;
use crate::processes::has_unburied;
use crate::shutdown;
use crate::sys::fork::exit_now;
use crate::sys::lifeline::kill_after;
use crate::sys::memory::Header;
use crate::sys::signals::{speak_in_thread_on, speak_on};
use crate::task::beside_others;
use crate::task::execute::execute;
use crate::worker_local;

/// What the first thread of a process has, as a rule; it costs memory as far as it is used.
const STACK: usize = 8 << 20;

pub(super) fn live(
    own: &WorkerEnd,
    ends: Vec<(u32, WorkerEnd)>,
    level: u32,
    stages: &[Stage],
) -> ! {
    speak_on(own.socket().as_raw_fd());
    let everyone: Vec<&WorkerEnd> = ends.iter().map(|(_, end)| end).collect();
    if !hooks::run_before_tasks(stages, &everyone) {
        drop_what_is_kept();
        exit_now(0)
    }
    Context::deepen_process_to(level);
    let all = Arc::new(All::new(ends.len(), own));
    if beside_others::start_runtime().is_err() {
        exit_now(71);
    }
    let (mut lanes, mut threads) = (Vec::new(), Vec::new());
    for (number, end) in ends {
        let lane = Lane::new(end.header());
        lanes.push(Arc::clone(&lane));
        let mut serving = Serving { lane, number, end, all: Arc::clone(&all) };
        let served = move || {
            if catch_unwind(AssertUnwindSafe(|| serving.serve())).is_err() {
                exit_now(70);
            }
            worker_local::drop_all();
            tasks::flush_output();
            if serving.all.lanes.fetch_sub(1, Ordering::SeqCst) == 1 {
                // Where they have left by themselves nobody else tells the first thread.
                let _ = rustix::net::shutdown(&*serving.all.socket, rustix::net::Shutdown::Read);
            }
        };
        match thread::Builder::new().stack_size(STACK).spawn(served) {
            Ok(thread) => threads.push(thread),
            Err(_) => exit_now(71),
        }
    }
    watch(own, &lanes);
    // From here on only code of the user's runs.
    kill_after(DROP_LIMIT);
    for thread in threads {
        let _ = thread.join();
    }
    drop_what_is_kept();
    exit_now(0)
}

/// Passes on what is said to the lanes, until the caller hangs up.
fn watch(own: &WorkerEnd, lanes: &[Arc<Lane>]) {
    let socket = own.socket();
    while !drain(&**socket) {
        let until = lanes.iter().filter_map(|lane| lane.look()).min();
        crate::run::poll_until(&mut [PollFd::new(&**socket, PollFlags::IN)], until);
    }
}

/// A lane, on its thread.
struct Serving {
    lane: Arc<Lane>,
    number: u32,
    end: WorkerEnd,
    all: Arc<All>,
}

/// What the lanes of this worker know of each other.
struct All {
    /// So many are there.
    lanes: AtomicUsize,
    /// So many run a task.
    busy: AtomicUsize,
    /// When the last one had no task any more.
    idle_since: AtomicU64,
    /// Whether one has something to drop at the end.
    keeps: AtomicBool,
    /// The worker's own slot, where the fork server sees that.
    own: &'static Header,
    /// Where the first thread waits.
    socket: Arc<OwnedFd>,
}

impl All {
    fn new(lanes: usize, own: &WorkerEnd) -> Self {
        Self {
            lanes: AtomicUsize::new(lanes),
            busy: AtomicUsize::new(0),
            idle_since: AtomicU64::new(Moment::now().as_nanos()),
            keeps: AtomicBool::new(worker_local::are_kept()),
            own: own.header(),
            socket: Arc::clone(own.socket()),
        }
    }

    fn begin(&self) {
        self.busy.fetch_add(1, Ordering::SeqCst);
        self.own.worker.keeps.store(0, Ordering::SeqCst);
    }

    /// Whether that was the last one.
    fn end(&self) -> bool {
        self.idle_since.store(Moment::now().as_nanos(), Ordering::SeqCst);
        if worker_local::are_kept() {
            self.keeps.store(true, Ordering::SeqCst);
        }
        let is_last = self.busy.fetch_sub(1, Ordering::SeqCst) == 1;
        if is_last {
            let keeps = self.keeps.load(Ordering::SeqCst);
            self.own.worker.keeps.store(u32::from(keeps), Ordering::SeqCst);
        }
        is_last
    }

    /// Whether none has had a task for so long.
    fn are_idle_for(&self, limit: Duration) -> bool {
        let since = Moment::from_nanos(self.idle_since.load(Ordering::SeqCst));
        self.busy.load(Ordering::SeqCst) == 0 && Moment::now().since(since) >= limit
    }
}

impl Serving {
    fn serve(&mut self) {
        speak_in_thread_on(self.end.socket().as_raw_fd());
        forward::open_lane(&mut self.end);
        let mut output = Payload::new();
        loop {
            let all = Arc::clone(&self.all);
            match self.end.next_unless_left(|limit| all.are_idle_for(limit)) {
                Ok(Some(request)) => self.run_requested(request, &mut output),
                Ok(None) => return,
                Err(_) => exit_now(70),
            }
        }
    }

    fn run_requested(&mut self, request: Result<Request, CodecError>, output: &mut Payload) {
        let (turn, started) = self.end.taken();
        self.all.begin();
        let (words, asks) = self.lane.begin(turn);
        let ending = tasks::call(request, started, |facts, head, entry, reader| {
            if words.drop.is() {
                return Ending::Dropped;
            }
            forward::begin_in_lane(turn, head.levels);
            let facts = Facts { worker: Some(self.number), ..facts };
            let (told, outer) = (Some(Arc::clone(&words.stop)), Around::Nothing);
            let inside = Inside { facts, told, outer, lane: Some(asks) };
            let context = tasks::context(head, Around::Task(Arc::new(inside)));
            let work = || context.enter(|| execute(entry, reader, output));
            match tasks::as_task(|| beside_others::run(Arc::clone(&words.drop), work)) {
                (Ending::Failed(_), true) => Ending::Dropped,
                (ending, _) => ending,
            }
        });
        self.lane.end();
        // The children that have ended may be those of a task that waits for them.
        let is_last = self.all.end();
        let is_spent = (is_last && has_unburied(WaitId::All)) || shutdown::has_begun();
        let answered = self.end.answer(ending, tasks::elapsed(started), is_spent, output);
        let Err(err) = answered else { return };
        let ending = Ending::Unencodable(format!("it cannot be handed over: {err}"));
        if self.end.answer(ending, tasks::elapsed(started), true, &Payload::new()).is_err() {
            exit_now(70);
        }
    }
}
