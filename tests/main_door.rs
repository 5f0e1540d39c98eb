//! A program whose `main` lets the fork server in, by `concur::init()`: the door that
//! `#[concur::main]` makes as well, except in builds for tests.

#[path = "contract/helpers.rs"]
#[expect(dead_code, reason = "needed by other programs")]
mod contract;
mod harness;
#[path = "life/scenario.rs"]
#[expect(dead_code, reason = "needed by other programs")]
mod scenario;

use std::io::Write;
use std::os::unix::process::parent_id;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use concur::{Driver, ErrorKind, concurrent};
use contract::{eventually, mark};
use scenario::{Named, scenario, scenarios};

scenarios! {
    SCENARIOS, PLAYED:
    crate::blocks_run,
    crate::a_task_can_start_this_program,
}

/// Scenarios that a check starts in its own way.
const STARTED: &[Named] = &[("hasty", hasty), ("impostor", impostor)];

const OWN: &[harness::Check] = &[
    ("main_never_runs_twice", main_never_runs_twice),
    ("a_marked_program_that_is_no_worker_starts_none", a_marked_program_that_is_no_worker),
];

fn main() -> ExitCode {
    // Whoever comes by the constructor's door as well has left this line behind twice.
    if let Some((_, dir)) = scenario::asked() {
        append(&dir, "early");
    }
    concur::init();
    if let Some((_, dir)) = scenario::asked() {
        append(&dir, "main");
    }
    scenario::play(&[SCENARIOS, STARTED]).unwrap_or_else(|| harness::run(&[PLAYED, OWN].concat()))
}

fn append(dir: &Path, name: &str) {
    let path = dir.join(name);
    let mut log =
        std::fs::OpenOptions::new().append(true).create(true).open(path).expect("it opens");
    log.write_all(b"+").expect("it can be written");
}

fn blocks_run(dir: &Path) {
    let (worker, server) = concurrent! {
        worker => std::process::id(),
        server => parent_id(),
    }
    .driver(Driver::Process)
    .run()
    .expect("both succeed");
    assert!(worker != std::process::id() && server != std::process::id());
    let numbers = concurrent! { for number in 0..50_u32 => number }.run().expect("all succeed");
    assert_eq!(numbers.len(), 50);
    let err =
        concurrent! { dies => std::process::exit(4) }.run().map(|((),)| ()).expect_err("it exits");
    assert_eq!(err.failures()[0].exit_code(), Some(4));
    // The server came as far as the first lines of `main`, the program alone went on.
    assert_eq!(std::fs::read_to_string(dir.join("main")).expect("it was written"), "+");
    assert_eq!(std::fs::read_to_string(dir.join("early")).expect("it was written"), "++");
}

fn hasty(_dir: &Path) {
    let how = std::env::args().nth(1).unwrap_or_default();
    let micros: u64 = std::env::args().nth(2).and_then(|text| text.parse().ok()).unwrap_or(0);
    std::thread::spawn(|| {
        concurrent! { one => std::thread::sleep(Duration::from_secs(100)) }.run()
    });
    std::thread::sleep(Duration::from_micros(micros));
    match how.as_str() {
        "exit" => std::process::exit(0),
        _ => std::process::abort(),
    }
}

fn main_never_runs_twice() {
    for how in ["exit", "abort"] {
        for step in 0..12_u32 {
            let ended =
                scenario("hasty").arg(how).arg((step * step * 40).to_string()).start().end();
            let path = ended.marks.dir().to_string_lossy().into_owned();
            assert!(eventually(|| !somebody_names(&path)), "a process of {path} goes on");
            let mains = std::fs::read_to_string(ended.marks.dir().join("main"));
            assert_eq!(mains.expect("it was written"), "+", "{how} after step {step}");
        }
    }
}

/// Whether a process is left whose environment holds this text.
fn somebody_names(text: &str) -> bool {
    let Ok(entries) = std::fs::read_dir("/proc") else { return false };
    entries.flatten().any(|entry| {
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        String::from_utf8_lossy(&environment).contains(text)
    })
}

/// Carries the mark of a worker in its environment, and is none.
fn impostor(dir: &Path) {
    let err = concurrent! { one => 1 }.run().expect_err("it might be a worker");
    assert_eq!(err.kind(), ErrorKind::Unsupported, "{err}");
    assert!(err.to_string().contains("CONCUR_SERVER"), "{err}");
    assert_eq!(concurrent! { one => 1 }.driver(Driver::Thread).run().expect("it is fine"), (1,));
    mark(dir, "refused");
}

fn a_marked_program_that_is_no_worker() {
    let ended = scenario("impostor").env("CONCUR_SERVER", "1").succeeds();
    assert!(ended.marks.has("refused"), "{}", ended.stderr);
}

fn a_task_can_start_this_program(dir: &Path) {
    if std::env::args().any(|argument| argument == "inner") {
        assert_eq!(concurrent! { one => 1 }.run().expect("it is a program like any other"), (1,));
        mark(dir, "inner");
        return;
    }
    let program = std::env::current_exe().expect("there is one");
    let (succeeded,) = concurrent! {
        starts => Command::new(program).arg("inner").status()?.success()
    }
    .run()
    .expect("it is fine");
    assert!(succeeded && dir.join("inner").exists());
}
