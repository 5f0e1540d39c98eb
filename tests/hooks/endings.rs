//! Hooks that do not return well: what the tasks are told that needed them, how often they are tried,
//! and what is left behind.

use std::path::Path;

use concur::{Driver, Error, ErrorKind, TaskError, concurrent};

use crate::contract::{await_mark, eventually, is_alive, mark};
use crate::played::{BEGIN_LINE, LOAD_LINE, LOADED, logged};
use crate::scenario::{Named, Playing, scenario};

/// The scenarios of this file that are watched from outside.
pub(crate) const SCENARIOS: &[Named] = &[("hangs", |_| {
    let _ = concurrent! { one => 1 }.run();
})];

/// What the message of a hook's failure must say.
fn check(err: &TaskError, driver: &Driver, stage: &str, said: &str) {
    let (hook, line) = match stage {
        "preload" => ("load", LOAD_LINE),
        _ => ("begin", BEGIN_LINE),
    };
    let text = err.to_string();
    let place = format!("{stage} hook `{hook}` (tests/hooks/played.rs:{line})");
    for part in ["could not start", &place, said, &format!("driver `{driver}`")] {
        assert!(text.contains(part), "{text:?} should name {part:?}");
    }
    assert_eq!(err.kind(), ErrorKind::Start, "{text}");
    assert!(!err.may_have_run() && err.attempts() == 0, "{text}");
    assert!(err.message().contains(said), "{:?}", err.message());
}

fn run_one(driver: &Driver) -> Error {
    concurrent! { one => 1 }.driver(driver.clone()).run().expect_err("a hook does not return well")
}

/// Runs tasks until the end of their run: all fail for the same reason, and the hook was not tried
/// for each of them.
fn fails_each_time(dir: &Path, driver: &Driver, stage: &str, said: &str) -> Error {
    let err = run_one(driver);
    check(&err.failures()[0], driver, stage, said);
    let again = run_one(driver);
    check(&again.failures()[0], driver, stage, said);
    let many = concurrent! { for n in 0..60 => n }.driver(driver.clone()).settle().run();
    for outcome in many.expect("the run itself is fine") {
        check(&outcome.expect_err("none can run"), driver, stage, said);
    }
    let tries = logged(dir, stage_log(stage)).len();
    if stage == "preload" {
        assert!((1..20).contains(&tries), "one try for all tasks of a second, not {tries}");
    } else {
        assert!(tries <= 62, "one try for each task, not {tries}");
    }
    err
}

fn stage_log(stage: &str) -> &str {
    if stage == "preload" { "preload" } else { "start" }
}

fn sources(err: &Error) -> Vec<String> {
    let mut next = std::error::Error::source(err);
    let mut all = Vec::new();
    while let Some(source) = next {
        all.push(source.to_string());
        next = source.source();
    }
    all
}

pub(crate) fn a_preload_hook_that_fails(dir: &Path) {
    let err = fails_each_time(dir, &Driver::Process, "preload", "failed: the shelf is empty");
    assert_eq!(sources(&err), ["nobody filled it"]);
}

pub(crate) fn a_preload_hook_that_panics(dir: &Path) {
    let said = "panicked: the shelf fell, at tests/hooks/played.rs:";
    let err = fails_each_time(dir, &Driver::Process, "preload", said);
    let panic = err.failures()[0].panic().expect("it was recorded");
    assert_eq!(panic.message(), "the shelf fell");
    let trace = panic.backtrace().expect("it has one");
    assert!(trace.contains("played::load") && !trace.contains("hook_registry"), "{trace}");
}

pub(crate) fn a_preload_hook_that_exits(dir: &Path) {
    let said = "did not return: its process exited with code 3";
    let err = fails_each_time(dir, &Driver::Process, "preload", said);
    assert_eq!(err.failures()[0].exit_code(), Some(3));
}

pub(crate) fn a_preload_hook_that_aborts(dir: &Path) {
    let said = "did not return: its process was killed by SIGABRT";
    fails_each_time(dir, &Driver::Process, "preload", said);
}

pub(crate) fn a_preload_hook_that_overflows(dir: &Path) {
    let said = "overflowed its stack: its process was killed by SIG";
    let err = fails_each_time(dir, &Driver::Process, "preload", said);
    assert!(!err.failures()[0].is_stack_overflow(), "the task's stack did not");
}

pub(crate) fn a_preload_hook_that_hangs(dir: &Path) {
    // One that comes later has its own time to wait, and hears of the end before.
    let path = dir.to_owned();
    let second = std::thread::spawn(move || {
        assert!(await_mark(&path, "hangs"));
        run_one(&Driver::Process)
    });
    let said = "did not return within 500ms";
    check(&run_one(&Driver::Process).failures()[0], &Driver::Process, "preload", said);
    let second = second.join().expect("it ends");
    check(&second.failures()[0], &Driver::Process, "preload", said);
    // Each try takes half a second: one for each task would go on for longer than a scenario may.
    fails_each_time(dir, &Driver::Process, "preload", "did not return within 500ms");
    all_gone(&[logged(dir, "preload"), logged(dir, "sleeper")].concat());
}

/// The hook is named, whichever verb comes first, and soon.
fn deferring_names(said: &str) {
    for _ in 0..2 {
        let err = concurrent! { later => () }.defer().map(|_| ()).expect_err("no server comes up");
        assert_eq!(err.kind(), ErrorKind::Start, "{err}");
        let text = err.to_string();
        let begin = "the supervisor of deferred tasks cannot be started: the preload hook `load` (";
        assert!(text.starts_with(begin) && text.contains(said), "{text}");
    }
}

pub(crate) fn a_deferral_names_a_preload_hook_that_exits(_: &Path) {
    deferring_names("did not return: its process exited with code 3");
    let _ = run_one(&Driver::Process);
    deferring_names("did not return: its process exited with code 3");
}

pub(crate) fn a_deferral_names_a_preload_hook_that_hangs(dir: &Path) {
    deferring_names("did not return within 500ms");
    all_gone(&[logged(dir, "preload"), logged(dir, "sleeper")].concat());
}

pub(crate) fn a_preload_hook_that_recovers(dir: &Path) {
    check(&run_one(&Driver::Process).failures()[0], &Driver::Process, "preload", "not yet");
    let mut result = Err(());
    assert!(eventually(|| {
        result = concurrent! { there => LOADED.get().is_some() }.run().map_err(drop);
        result.is_ok()
    }));
    assert_eq!((result, logged(dir, "preload").len()), (Ok((true,)), 2));
}

pub(crate) fn a_preload_hook_that_fails_fails_large_arguments_too(dir: &Path) {
    let said = "did not return: its process exited with code 3";
    let large = vec![7_u8; 1 << 20];
    for _ in 0..5 {
        let err = concurrent! { a => large.len(), b => large.len(), c => large.len() }.run();
        check(&err.expect_err("none can run").failures()[0], &Driver::Process, "preload", said);
    }
    assert!(logged(dir, "preload").len() <= 5);
}

pub(crate) fn a_start_hook_that_fails(dir: &Path) {
    let said = "failed: the shelf is empty";
    let err = fails_each_time(dir, &Driver::Process, "on_worker_start", said);
    assert_eq!(sources(&err), ["nobody filled it"]);
    let pid = err.failures()[0].pid().expect("there was a worker");
    assert!(logged(dir, "start").contains(&pid));
    assert_eq!(logged(dir, "preload").len(), 1, "the server goes on");
}

pub(crate) fn a_start_hook_that_panics(dir: &Path) {
    let said = "panicked: the shelf fell, at tests/hooks/played.rs:";
    let err = fails_each_time(dir, &Driver::Process, "on_worker_start", said);
    assert_eq!(err.failures()[0].panic().map(concur::PanicInfo::message), Some("the shelf fell"));
}

pub(crate) fn a_start_hook_that_exits(dir: &Path) {
    let said = "did not return: its process exited with code 3";
    let err = fails_each_time(dir, &Driver::Process, "on_worker_start", said);
    assert_eq!(err.failures()[0].exit_code(), Some(3));
}

pub(crate) fn a_start_hook_that_aborts(dir: &Path) {
    let said = "did not return: its process was killed by SIGABRT";
    let err = fails_each_time(dir, &Driver::Process, "on_worker_start", said);
    assert_eq!(err.failures()[0].signal(), Some(6));
}

pub(crate) fn a_start_hook_that_overflows(dir: &Path) {
    let said = "overflowed its stack: its process was killed by SIG";
    fails_each_time(dir, &Driver::Process, "on_worker_start", said);
}

pub(crate) fn a_start_hook_that_hangs(dir: &Path) {
    fails_each_time(dir, &Driver::Process, "on_worker_start", "did not return within 500ms");
    all_gone(&[logged(dir, "start"), logged(dir, "sleeper")].concat());
}

pub(crate) fn a_start_hook_that_fails_once_costs_one_task(_dir: &Path) {
    let err = run_one(&Driver::Process);
    check(&err.failures()[0], &Driver::Process, "on_worker_start", "failed: not yet");
    assert_eq!(concurrent! { one => 1 }.run().expect("another worker is fine"), (1,));
}

pub(crate) fn a_start_hook_that_fails_in_a_nested_worker(dir: &Path) {
    assert_eq!(concurrent! { one => 1 }.run().expect("the first worker is fine"), (1,));
    mark(dir, "below");
    let outer = concurrent! { outer => concurrent! { inner => 1 }.run()? };
    // The failure of a block inside a task is its task's, which tells it.
    let err = outer.run().expect_err("it fails");
    assert_eq!(err.kind(), ErrorKind::Failed, "{err}");
    for part in ["task `inner` could not start", "on_worker_start hook `begin`", "too deep"] {
        assert!(err.to_string().contains(part), "{err} should name {part:?}");
    }
}

pub(crate) fn a_start_hook_that_hangs_in_a_queued_worker(dir: &Path) {
    // Two workers that are fine, both at once.
    let warm = concurrent! { for n in 0..2 => {
        mark(dir, &format!("warm-{n}"));
        (0..2).all(|n| await_mark(dir, &format!("warm-{n}")))
    } };
    assert_eq!(warm.run().expect("both are there"), [true, true]);
    mark(dir, "below");
    // Four workers below them, of which two wait in the server's queue until the others have had
    // their time.
    let outer = concurrent! { for _ in 0..2 => {
        let inner = concurrent! { for n in 0..2 => n }.settle().run()?;
        let texts = inner.into_iter().map(|one| one.map_err(|err| err.to_string()));
        texts.collect::<Vec<Result<i32, String>>>()
    } };
    for outcome in outer.run().expect("the tasks tell what their blocks gave").concat() {
        let text = outcome.expect_err("none can run");
        assert!(text.contains("hook `begin`") && text.contains("within 500ms"), "{text}");
    }
}

pub(crate) fn a_worker_forked_ahead_gives_its_hook_s_error(dir: &Path) {
    let said = "failed: too late";
    let run = || concurrent! { one => 1 }.isolated().run();
    assert_eq!(run().expect("the first is fine"), (1,));
    assert!(eventually(|| logged(dir, "start").len() >= 3), "more are forked ahead");
    mark(dir, "late");
    // Those that were forked before are taken first.
    assert!(eventually(|| run().is_err()));
    for _ in 0..4 {
        check(
            &run().expect_err("it fails").failures()[0],
            &Driver::Process,
            "on_worker_start",
            said,
        );
    }
    // Those that wait are dead now, and what does not fit into a slot cannot even be sent to them.
    assert!(eventually(|| !logged(dir, "start").iter().any(|pid| is_alive(*pid))));
    let large = vec![7_u8; 1 << 20];
    let err = concurrent! { large => large.len() }.isolated().run().expect_err("it fails");
    check(&err.failures()[0], &Driver::Process, "on_worker_start", said);
}

pub(crate) fn preload_in_a_worker_that_was_executed_fails(dir: &Path) {
    // The server has threads after the hook, so the worker runs it again.
    let err = run_one(&Driver::Process);
    check(&err.failures()[0], &Driver::Process, "preload", "failed: once was enough");
    let pid = err.failures()[0].pid().expect("there was a worker");
    assert_eq!(logged(dir, "preload").last(), Some(&pid));
}

pub(crate) fn forks_tell_of_a_start_hook_that_fails(dir: &Path) {
    let err = fails_each_time(dir, &Driver::Fork, "on_worker_start", "failed: the shelf is empty");
    assert_eq!(sources(&err), ["nobody filled it"]);
}

pub(crate) fn forks_tell_of_a_start_hook_that_panics(dir: &Path) {
    let said = "panicked: the shelf fell, at tests/hooks/played.rs:";
    fails_each_time(dir, &Driver::Fork, "on_worker_start", said);
}

pub(crate) fn forks_tell_of_a_start_hook_that_exits(dir: &Path) {
    let said = "did not return: its process exited with code 3";
    let err = fails_each_time(dir, &Driver::Fork, "on_worker_start", said);
    assert_eq!(err.failures()[0].exit_code(), Some(3));
}

pub(crate) fn forks_tell_of_a_start_hook_that_hangs(dir: &Path) {
    let err = run_one(&Driver::Fork);
    check(&err.failures()[0], &Driver::Fork, "on_worker_start", "did not return within 500ms");
    all_gone(&[logged(dir, "start"), logged(dir, "sleeper")].concat());
}

fn all_gone(pids: &[u32]) {
    assert!(!pids.is_empty(), "there was something to go");
    let left = || pids.iter().filter(|pid| is_alive(**pid)).collect::<Vec<_>>();
    assert!(eventually(|| left().is_empty()), "left behind: {:?} of {pids:?}", left());
}

/// Kills a caller while a hook hangs, and looks for what is left.
fn killed_while_hanging(mut playing: Playing, hanging: &str) {
    let dir = playing.marks.dir();
    assert!(await_mark(&dir, "hangs"));
    let pids = [logged(&dir, hanging), logged(&dir, "sleeper")].concat();
    assert!(pids.len() >= 2 && pids.iter().all(|pid| is_alive(*pid)), "{pids:?}");
    playing.child.kill().expect("it is there");
    all_gone(&pids);
}

pub(crate) fn nothing_outlives_a_caller_killed_in_preload() {
    killed_while_hanging(scenario("hangs").env("PRELOAD", "hangs").start(), "preload");
}

pub(crate) fn nothing_outlives_a_caller_killed_in_a_start_hook() {
    killed_while_hanging(scenario("hangs").env("START", "hangs").start(), "start");
}
