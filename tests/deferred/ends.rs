//! What becomes of deferred work, and of those who do it, when its program ends.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use concur::{Driver, concurrent};

use crate::contract::{await_mark, eventually, is_alive, mark};
use crate::scenario::{Named, scenario};

pub(crate) const SCENARIOS: &[Named] = &[
    ("defers_and_ends", defers_and_ends),
    ("defers_and_waits_to_be_killed", defers_and_waits_to_be_killed),
    ("defers_on_a_thread_and_ends", defers_on_a_thread_and_ends),
    ("defers_what_prints", defers_what_prints),
];

/// Deferred tasks that go on when their program is gone; each says which processes do its work.
fn defer_slow(dir: &Path) {
    let there = dir.to_owned();
    let caller = std::process::id();
    concurrent! {
        for number in 0..5_u32 => {
            let own = std::process::id();
            let server = std::os::unix::process::parent_id();
            std::fs::write(there.join(format!("pids{number}")), format!("{own} {server}"))?;
            assert!(eventually(|| !is_alive(caller)));
            println!("this goes nowhere");
            mark(&there, &format!("done{number}"));
        }
    }
    .defer()
    .expect("it can be deferred");
}

fn defers_and_ends(dir: &Path) {
    defer_slow(dir);
    std::process::exit(0);
}

fn defers_and_waits_to_be_killed(dir: &Path) {
    defer_slow(dir);
    mark(dir, "deferred");
    std::thread::sleep(Duration::from_secs(600));
}

fn all_done(dir: &Path) -> bool {
    (0..5).all(|number| await_mark(dir, &format!("done{number}")))
}

pub(crate) fn work_is_done_although_the_program_ended() {
    let ended = scenario("defers_and_ends").succeeds();
    assert!(all_done(&ended.marks.dir()), "{:?}", ended.marks);
    assert_eq!(ended.stdout, "");
}

pub(crate) fn work_is_done_although_it_was_killed() {
    let mut playing = scenario("defers_and_waits_to_be_killed").start();
    assert!(await_mark(&playing.marks.dir(), "deferred"));
    playing.child.kill().expect("it is there");
    let ended = playing.end();
    assert!(all_done(&ended.marks.dir()), "{:?}", ended.marks);
}

pub(crate) fn nothing_is_left_when_all_is_done() {
    let ended = scenario("defers_and_ends").succeeds();
    let dir = ended.marks.dir();
    assert!(all_done(&dir), "{:?}", ended.marks);
    for number in 0..5 {
        let pids = std::fs::read_to_string(dir.join(format!("pids{number}"))).expect("it is told");
        for pid in pids.split_whitespace().map(|pid| pid.parse::<u32>().expect("a number")) {
            assert!(eventually(|| !is_alive(pid)), "process {pid} is still there");
        }
    }
}

fn defers_what_prints(dir: &Path) {
    let there = dir.to_owned();
    println!("from the program");
    concurrent! {
        prints => {
            println!("from the task");
            assert!(await_mark(&there, "read to the end"));
            mark(&there, "done");
        },
    }
    .defer()
    .expect("it can be deferred");
}

pub(crate) fn who_reads_the_output_sees_its_end() {
    // As `$(app)` in a shell does: it reads until nobody holds the other end.
    let marks = crate::contract::Marks::new();
    let app = std::env::current_exe().expect("there is one");
    let output = Command::new(app)
        .env("CONCUR_TEST_SCENARIO", "defers_what_prints")
        .env("CONCUR_TEST_DIRECTORY", marks.dir())
        .stdin(Stdio::null())
        .output()
        .expect("it can be started");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "from the program\n");
    assert!(!marks.has("done"));
    mark(&marks.dir(), "read to the end");
    assert!(await_mark(&marks.dir(), "done"));
}

fn defers_on_a_thread_and_ends(dir: &Path) {
    let there = dir.to_owned();
    concurrent! {
        slow => {
            assert!(await_mark(&there, "main is over"));
            mark(&there, "done");
        },
    }
    .driver(Driver::Thread)
    .defer()
    .expect("it can be deferred");
    mark(dir, "main is over");
}

pub(crate) fn the_end_of_main_waits_for_threads() {
    let ended = scenario("defers_on_a_thread_and_ends").succeeds();
    assert!(ended.marks.has("done"), "{}", ended.stderr);
}
