//! The raw primitives: what the work costs when nothing is there but the kernel.
//!
//! No codec, no types, no error that names a task. Nothing is pinned to a CPU and no priority is
//! changed: the scheduler treats these as it treats the others.

use std::hint::black_box;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use rustix::process::{Pid, WaitOptions, waitpid};

use crate::launch::ending_program;
use crate::plan::Effort;
use crate::sample::{Measure, burn, each_of, timed};

const MIB: usize = 1 << 20;

pub(crate) fn warm(_: &Effort) -> Measure {
    let mut echo = Echo::start(size_of::<u64>());
    Box::new(move || each_of(8, || echo.word_trip()))
}

pub(crate) fn one_trip(_: &Effort) -> Measure {
    let mut echo = Echo::start(size_of::<u64>());
    Box::new(move || timed(|| echo.word_trip()))
}

/// Two processes, a message to each in turn before the answer of either is asked for.
pub(crate) fn many(effort: &Effort) -> Measure {
    let mut first = Echo::start(size_of::<u64>());
    let mut second = Echo::start(size_of::<u64>());
    let tasks = effort.tasks;
    let mut word = [0; size_of::<u64>()];
    Box::new(move || {
        timed(|| {
            for _ in 0..tasks / 2 {
                first.send(&word);
                second.send(&word);
                first.receive(&mut word);
                second.receive(&mut word);
            }
        }) / tasks
    })
}

pub(crate) fn bytes(_: &Effort) -> Measure {
    let mut echo = Echo::start(MIB);
    let input = vec![7; MIB];
    Box::new(move || {
        timed(|| {
            echo.send(&input);
            let mut output = vec![0; MIB];
            echo.receive(&mut output);
            output
        })
    })
}

pub(crate) fn fresh(_: &Effort) -> Measure {
    Box::new(|| timed(|| join(fork(|| {}))))
}

pub(crate) fn fresh_pair(_: &Effort) -> Measure {
    Box::new(|| timed(|| [fork(|| {}), fork(|| {})].map(join)))
}

pub(crate) fn exec(_: &Effort) -> Measure {
    Box::new(|| {
        timed(|| {
            let status = ending_program().status().expect("this binary starts");
            assert!(status.success(), "a process that does nothing ended with {status}");
        })
    })
}

pub(crate) fn sequence(effort: &Effort) -> Measure {
    let steps = effort.steps;
    Box::new(move || timed(|| [1, 2].map(|seed| black_box(burn(black_box(seed), steps)))))
}

pub(crate) fn two_tasks(effort: &Effort) -> Measure {
    let steps = effort.steps;
    let task = move |seed: u64| {
        fork(move || {
            black_box(burn(black_box(seed), steps));
        })
    };
    Box::new(move || timed(|| [task(1), task(2)].map(join)))
}

/// A process that sends back what it gets, the same number of bytes each time.
struct Echo {
    stream: UnixStream,
}

impl Echo {
    fn start(size: usize) -> Self {
        let (ours, theirs) = UnixStream::pair().expect("a socket pair");
        let (mut ours, mut theirs) = (Some(ours), Some(theirs));
        fork(|| {
            // Our end is the parent's; its end-of-file is what ends this process.
            ours = None;
            let mut theirs = theirs.take().expect("taken once, in the child");
            let mut message = vec![0; size];
            while theirs.read_exact(&mut message).is_ok() && theirs.write_all(&message).is_ok() {}
        });
        Self { stream: ours.expect("only the child lets go of it") }
    }

    fn send(&mut self, message: &[u8]) {
        self.stream.write_all(message).expect("the echo reads");
    }

    fn receive(&mut self, message: &mut [u8]) {
        self.stream.read_exact(message).expect("the echo answers");
    }

    fn word_trip(&mut self) {
        let mut word = black_box(41_u64).to_ne_bytes();
        self.send(&word);
        self.receive(&mut word);
        assert_eq!(u64::from_ne_bytes(word), 41);
    }
}

/// Forks a process that does `work` and ends.
fn fork(work: impl FnOnce()) -> Pid {
    // SAFETY: a sample of a raw row has one thread, so that no lock and no allocator state can be
    // left half-way in the child; all of Rust may be used there.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "fork failed");
    if pid == 0 {
        work();
        // SAFETY: `_exit` is always sound to call; it skips what the parent still has to do: its
        // destructors, its buffers and what is registered with `atexit`.
        unsafe { libc::_exit(0) }
    }
    Pid::from_raw(pid).expect("the parent gets a pid, which is not zero")
}

fn join(pid: Pid) {
    waitpid(Some(pid), WaitOptions::empty()).expect("the child is ours, and waited for once");
}
