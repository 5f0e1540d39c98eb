//! Deaths of the process that runs a task: for drivers that give it one of its own.
//!
//! The list names those of `killed.rs` and `memory.rs` as well.

use std::collections::HashSet;
use std::hint::black_box;
use std::process::Command;
use std::time::Duration;

use concur::{Driver, ErrorKind, TaskError, concurrent};
use rustix::process::{Resource, Rlimit, Signal, getpid, kill_process, setrlimit};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::contract::{Marks, is_alive};

/// Calls `$callback!` with the contracts of this file, of `killed.rs` and of `memory.rs`.
macro_rules! deaths_contract {
    ($callback:ident) => {
        $callback! {
            deaths::each_death_has_its_own_words,
            deaths::a_death_is_its_task_s_alone,
            deaths::killed_from_outside,
            deaths::out_of_memory_under_a_limit,
            deaths::a_panic_that_cannot_unwind_is_a_panic,
            deaths::killed_half_way_through_large_arguments,
            deaths::killed_half_way_through_a_large_result,
            deaths::a_death_with_large_values_beside_it,
            killed::a_busy_loop_is_gone_at_the_timeout,
            killed::a_busy_loop_is_gone_when_its_grace_has_passed,
            killed::blocked_signals_do_not_save_a_task,
            killed::what_a_task_started_goes_with_it,
            killed::a_timeout_that_races_with_the_result,
            killed::retries_follow_deaths_and_timeouts,
            killed::standard_input_is_at_its_end,
            killed::what_a_task_starts_is_not_marked,
            killed::ps_names_the_task,
            memory::out_of_memory_names_the_limit,
            memory::a_task_within_its_limit_is_left_alone,
            memory::the_least_limit_leaves_room_for_words,
            memory::an_allocation_that_may_fail_fails_alone,
            memory::a_limit_is_its_task_s_alone,
            memory::a_thread_of_a_task_counts,
            memory::a_limit_that_leaves_nothing_is_refused,
        }
    };
}

/// The ways to die that need nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Way {
    ExitZero,
    ExitOther,
    Abort,
    Segfault,
    StackOverflow,
    Sigkill,
    Sigterm,
    AbsurdAllocation,
}

const WAYS: [Way; 8] = [
    Way::ExitZero,
    Way::ExitOther,
    Way::Abort,
    Way::Segfault,
    Way::StackOverflow,
    Way::Sigkill,
    Way::Sigterm,
    Way::AbsurdAllocation,
];

/// Dies.
pub(crate) fn die(way: Way) {
    match way {
        Way::ExitZero => std::process::exit(0),
        Way::ExitOther => std::process::exit(42),
        Way::Abort => std::process::abort(),
        Way::Segfault => {
            let nowhere = black_box(std::ptr::without_provenance_mut::<u64>(64));
            // SAFETY: none: the process is meant to die of it.
            unsafe { nowhere.write_volatile(1) }
        }
        Way::StackOverflow => {
            black_box(deeper(1));
        }
        Way::Sigkill => kill_process(getpid(), Signal::KILL).expect("it can be sent"),
        Way::Sigterm => kill_process(getpid(), Signal::TERM).expect("it can be sent"),
        Way::AbsurdAllocation => {
            black_box(Vec::<u8>::with_capacity(black_box(isize::MAX.unsigned_abs())));
        }
    }
    std::thread::sleep(Duration::from_secs(5));
}

#[expect(unconditional_recursion, reason = "the stack is meant to overflow")]
#[inline(never)]
fn deeper(number: u64) -> u64 {
    let frame = black_box([number; 64]);
    black_box(deeper(number + 1)) + frame[1]
}

/// What a failure must say: its kind, the exit code, the signal, and a part of its words.
fn expected(way: Way) -> (ErrorKind, Option<i32>, Option<i32>, &'static str) {
    match way {
        Way::ExitZero => (ErrorKind::Exited, Some(0), None, "exited with code 0"),
        Way::ExitOther => (ErrorKind::Exited, Some(42), None, "exited with code 42"),
        Way::Abort => (ErrorKind::Killed, None, Some(libc::SIGABRT), "SIGABRT"),
        Way::Segfault => (ErrorKind::Killed, None, Some(libc::SIGSEGV), "killed by SIGSEGV"),
        Way::StackOverflow => {
            (ErrorKind::Killed, None, Some(libc::SIGSEGV), "overflowed its stack")
        }
        Way::Sigkill => (ErrorKind::Killed, None, Some(libc::SIGKILL), "SIGKILL"),
        Way::Sigterm => (ErrorKind::Killed, None, Some(libc::SIGTERM), "SIGTERM"),
        Way::AbsurdAllocation => {
            (ErrorKind::OutOfMemory, None, Some(libc::SIGABRT), "ran out of memory")
        }
    }
}

pub(crate) fn each_death_has_its_own_words(driver: &Driver) {
    let mut said = HashSet::new();
    for way in WAYS {
        let marks = Marks::new();
        let dir = marks.dir();
        let err = concurrent! {
            dies => {
                std::fs::write(dir.join("pid"), std::process::id().to_string())?;
                die(way);
            },
        }
        .driver(driver.clone())
        .run()
        .expect_err("it dies");
        let (kind, code, signal, words) = expected(way);
        let failure = &err.failures()[0];
        assert_eq!((err.kind(), err.task()), (kind, Some("dies")), "{way:?}: {err}");
        assert_eq!((failure.exit_code(), failure.signal()), (code, signal), "{way:?}: {err}");
        assert_eq!(failure.is_stack_overflow(), way == Way::StackOverflow, "{err}");
        assert!(err.to_string().contains(words), "{way:?}: {err}");
        assert!(failure.may_have_run() && failure.panic().is_none());
        let pid = std::fs::read_to_string(dir.join("pid")).expect("it has begun");
        assert_eq!(failure.pid().map(|pid| pid.to_string()).as_ref(), Some(&pid), "{err}");
        assert!(err.to_string().contains(&format!("(worker {pid})")), "{err}");
        assert!(!is_alive(pid.parse().expect("a number")));
        assert!(said.insert(failure.message().to_owned()), "{way:?} says what another said: {err}");
        goes_on(driver);
    }
}

pub(crate) fn goes_on(driver: &Driver) {
    let (next,) = concurrent! { next => 6 * 7 }.driver(driver.clone()).run().expect("it is fine");
    assert_eq!(next, 42);
}

pub(crate) fn a_death_is_its_task_s_alone(driver: &Driver) {
    for _round in 0..3 {
        let ways = WAYS.into_iter().chain(WAYS).enumerate();
        let results: Vec<Result<usize, TaskError>> = concurrent! {
            for (number, way) in ways => {
                if number % 2 == 0 { die(way); }
                number
            }
        }
        .driver(driver.clone())
        .settle()
        .run()
        .expect("a settled run does not fail");
        for (number, result) in results.iter().enumerate() {
            match result {
                Ok(found) => assert_eq!((*found, number % 2), (number, 1)),
                Err(err) => {
                    let (kind, code, signal, _) = expected(WAYS[number % WAYS.len()]);
                    assert_eq!((err.kind(), number % 2), (kind, 0), "{err}");
                    assert_eq!((err.exit_code(), err.signal()), (code, signal), "{err}");
                }
            }
        }
        goes_on(driver);
    }
}

pub(crate) fn killed_from_outside(driver: &Driver) {
    let err = concurrent! {
        waits => {
            let kill = format!("kill -9 {}", std::process::id());
            let mut other = Command::new("sh").args(["-c", &kill]).spawn()?;
            other.wait()?;
            std::thread::sleep(Duration::from_secs(5));
        },
    }
    .driver(driver.clone())
    .run()
    .expect_err("it is killed");
    assert_eq!((err.kind(), err.failures()[0].signal()), (ErrorKind::Killed, Some(libc::SIGKILL)));
    goes_on(driver);
}

pub(crate) fn out_of_memory_under_a_limit(driver: &Driver) {
    for resource in ["data", "address space"] {
        let err = concurrent! {
            greedy => {
                let limit = Rlimit { current: Some(600 << 20), maximum: None };
                let which = if resource == "data" { Resource::Data } else { Resource::As };
                setrlimit(which, limit)?;
                let mut all = Vec::new();
                for _ in 0..1000 {
                    all.push(black_box(vec![1_u8; 4 << 20]));
                }
                all.len()
            },
        }
        .driver(driver.clone())
        .run()
        .expect_err("there is no memory");
        assert_eq!(err.kind(), ErrorKind::OutOfMemory, "{resource}: {err}");
        assert!(err.to_string().contains("out of memory"), "{err}");
        goes_on(driver);
    }
}

pub(crate) fn a_panic_that_cannot_unwind_is_a_panic(driver: &Driver) {
    struct PanicsAgain;
    impl Drop for PanicsAgain {
        fn drop(&mut self) {
            panic!("the second");
        }
    }
    extern "C" fn no_way_out() {
        panic!("from C");
    }
    let (twice, foreign) = concurrent! {
        twice => {
            let _bomb = PanicsAgain;
            assert!(black_box(false), "the first");
        },
        foreign => no_way_out(),
    }
    .driver(driver.clone())
    .settle()
    .run()
    .expect("a settled run does not fail");
    let said = [
        ("the first, and then `the second` (panic in a destructor during cleanup)", twice),
        ("from C (panic in a function that cannot unwind)", foreign),
    ];
    for (words, result) in said {
        let err = result.expect_err("it panics");
        assert_eq!(err.kind(), ErrorKind::Panicked, "{err}");
        assert_eq!(err.signal(), Some(libc::SIGABRT), "{err}");
        let panic = err.panic().expect("it is a panic");
        assert_eq!(panic.message(), words);
        assert!(panic.file().is_some_and(|file| file.ends_with("deaths.rs")), "{err}");
    }
    goes_on(driver);
}

/// Kills the process that encodes or decodes it, unless that is the caller.
struct Deadly {
    caller: u32,
}

impl Serialize for Deadly {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        kill_unless(self.caller);
        self.caller.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Deadly {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let caller = u32::deserialize(deserializer)?;
        kill_unless(caller);
        Ok(Self { caller })
    }
}

fn kill_unless(caller: u32) {
    if std::process::id() != caller {
        die(Way::Sigkill);
    }
}

/// More than memory that is used again holds: 16 MiB.
const LARGE: usize = 16 << 20;

pub(crate) fn killed_half_way_through_large_arguments(driver: &Driver) {
    let caller = std::process::id();
    for _round in 0..3 {
        let arguments = (vec!['x'; LARGE / 4], Deadly { caller }, vec![7_u8; LARGE]);
        let err = concurrent! { never => { let _ = &arguments; } }
            .driver(driver.clone())
            .run()
            .expect_err("it dies");
        let signal = err.failures()[0].signal();
        assert_eq!((err.kind(), signal), (ErrorKind::Killed, Some(libc::SIGKILL)), "{err}");
        goes_on(driver);
    }
}

pub(crate) fn killed_half_way_through_a_large_result(driver: &Driver) {
    let caller = std::process::id();
    for _round in 0..3 {
        let (result, beside) = concurrent! {
            result => (vec![1_u8; LARGE], Deadly { caller }, vec![2_u8; LARGE]),
            beside => vec![3_u8; 1 << 20],
        }
        .driver(driver.clone())
        .settle()
        .run()
        .expect("a settled run does not fail");
        let err = result.map(|_| ()).expect_err("it dies");
        assert_eq!((err.kind(), err.signal()), (ErrorKind::Killed, Some(libc::SIGKILL)));
        assert_eq!(beside.expect("it is fine"), vec![3_u8; 1 << 20]);
        goes_on(driver);
    }
}

pub(crate) fn a_death_with_large_values_beside_it(driver: &Driver) {
    for round in 0..5_u8 {
        let items = (0..12_u8).map(|number| (number, vec![number + round; 300 << 10]));
        let results = concurrent! {
            for (number, bytes) in items => {
                if number % 3 == 0 { die(Way::Sigkill); }
                bytes
            }
        }
        .driver(driver.clone())
        .settle()
        .run()
        .expect("a settled run does not fail");
        for (number, result) in (0..).zip(results) {
            match result {
                Ok(bytes) => assert!(bytes == vec![number + round; 300 << 10], "task {number}"),
                Err(err) => assert_eq!((err.kind(), number % 3), (ErrorKind::Killed, 0)),
            }
        }
    }
}
