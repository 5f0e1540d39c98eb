//! Scenarios that are watched from outside: how callers end, and what they print.

use std::io::{BufRead, Write};
use std::os::unix::process::parent_id;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use concur::{Config, Driver, concurrent};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::contract::{Marks, await_mark, eventually, is_alive, mark};
use crate::processes::pid;
use crate::scenario::{Named, Playing, of_binary, scenario};

/// The scenarios of this file.
pub(crate) const SCENARIOS: &[Named] = &[
    ("busy", |dir| busy(&Driver::Process, dir)),
    ("busy_forks", |dir| busy(&Driver::Fork, dir)),
    ("ends", ends),
    ("exits", exits),
    ("interrupted", interrupted),
    ("prints", prints),
    ("reads", reads),
    ("hasty", hasty),
    ("survives_its_binary", survives_its_binary),
];

/// Runs tasks that go on until they are killed, with children and grandchildren of their own.
fn busy(driver: &Driver, dir: &Path) {
    Config::new().workers(4).install().expect("it is allowed");
    let _ = concurrent! {
        for number in 0..4_u32 => {
            record(dir, &format!("task-{number}"), std::process::id());
            record(dir, &format!("parent-{number}"), parent_id());
            // Nobody is left to wait for it.
            concur::task::on_cancel(Duration::from_secs(60));
            let script = "setsid sh -c 'sleep 1000 & echo $! > started.tmp; wait' & wait";
            let script = script.replace("started.tmp", &format!("started-{number}.pid"));
            if number % 2 == 0 {
                Command::new("sh").args(["-c", &script]).current_dir(dir).status()?;
            } else {
                std::fs::write(dir.join(format!("started-{number}.pid")), "0")?;
                loop { std::hint::spin_loop(); }
            }
        }
    }
    .driver(driver.clone())
    .run();
}

fn record(dir: &Path, name: &str, pid: u32) {
    // Whole or not at all.
    let path = dir.join(format!("{name}.pid"));
    std::fs::write(path.with_extension("tmp"), pid.to_string()).expect("it can be written");
    std::fs::rename(path.with_extension("tmp"), path).expect("it can be renamed");
}

/// All processes that a scenario has recorded, once `count` of each kind are there.
fn recorded(playing: &Playing, kinds: &[&str], count: u32) -> Vec<u32> {
    let mut pids = Vec::new();
    for kind in kinds {
        for number in 0..count {
            let path = playing.marks.dir().join(format!("{kind}-{number}.pid"));
            let read = || std::fs::read_to_string(&path).unwrap_or_default().trim().parse().ok();
            let mut pid: Option<u32> = None;
            assert!(
                eventually(|| {
                    pid = read();
                    pid.is_some()
                }),
                "{kind} {number} did not start"
            );
            pids.extend(pid.filter(|pid| *pid != 0 && *pid != playing.pid()));
        }
    }
    pids
}

fn all_gone(pids: &[u32]) {
    let left = || pids.iter().filter(|pid| is_alive(**pid)).collect::<Vec<_>>();
    assert!(eventually(|| left().is_empty()), "left behind: {:?} of {pids:?}", left());
}

pub(crate) fn no_worker_outlives_a_caller_that_was_killed() {
    for _round in 0..3 {
        let mut playing = scenario("busy").start();
        let pids = recorded(&playing, &["task", "parent", "started"], 4);
        assert!(pids.len() >= 10 && pids.iter().all(|pid| is_alive(*pid)), "{pids:?}");
        playing.child.kill().expect("it is there");
        all_gone(&pids);
    }
}

pub(crate) fn no_fork_outlives_a_caller_that_was_killed() {
    let mut playing = scenario("busy_forks").start();
    let pids = recorded(&playing, &["task"], 4);
    playing.child.kill().expect("it is there");
    all_gone(&pids);
    // Nothing adopts what a fork has started: it is known, and cleaned up here.
    for number in [0, 2] {
        let path = playing.marks.dir().join(format!("started-{number}.pid"));
        let started = std::fs::read_to_string(path).unwrap_or_default().trim().parse().ok();
        if let Some(pid) = started.and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

fn ends(dir: &Path) {
    let tasks = concurrent! { for number in 0..4_u32 => {
        record(dir, &format!("task-{number}"), std::process::id());
        record(dir, &format!("parent-{number}"), parent_id());
    } };
    tasks.run().expect("all succeed");
}

pub(crate) fn no_worker_outlives_a_caller_that_ends() {
    let playing = scenario("ends").start();
    let pids = recorded(&playing, &["task", "parent"], 4);
    assert!(playing.end().status.success());
    all_gone(&pids);
}

/// Ends in the middle of a run.
fn exits(dir: &Path) {
    let path = dir.to_owned();
    std::thread::spawn(move || busy(&Driver::Process, &path));
    for number in 0..4 {
        await_mark(dir, &format!("started-{number}.pid"));
    }
    std::process::exit(7);
}

pub(crate) fn no_worker_outlives_a_caller_that_exits() {
    let playing = scenario("exits").start();
    let pids = recorded(&playing, &["task", "parent", "started"], 4);
    assert_eq!(playing.end().status.code(), Some(7));
    all_gone(&pids);
}

static INTERRUPTIONS: AtomicUsize = AtomicUsize::new(0);

extern "C" fn count_interruption(_signal: libc::c_int) {
    INTERRUPTIONS.fetch_add(1, Ordering::SeqCst);
}

/// Is interrupted in the middle of a run, and goes on.
fn interrupted(dir: &Path) {
    let handler: extern "C" fn(libc::c_int) = count_interruption;
    // SAFETY: the handler only counts in an atomic.
    unsafe { libc::signal(libc::SIGINT, handler as *const () as libc::sighandler_t) };
    let (released, worker) = concurrent! {
        waits => { mark(dir, "begun"); await_mark(dir, "release") },
        worker => std::process::id(),
    }
    .run()
    .expect("the worker was not interrupted");
    assert!(released && worker != 0 && INTERRUPTIONS.load(Ordering::SeqCst) > 0);
    // SAFETY: asks for the disposition by setting another one.
    let before = unsafe { libc::signal(libc::SIGINT, libc::SIG_DFL) };
    assert_eq!(before, handler as *const () as libc::sighandler_t, "the handler was changed");
}

pub(crate) fn ctrl_c_is_for_the_caller() {
    let playing = scenario("interrupted").start();
    assert!(await_mark(&playing.marks.dir(), "begun"));
    let group = pid(playing.pid());
    kill_process_group(group, Signal::INT).expect("it is there");
    mark(&playing.marks.dir(), "release");
    let ended = playing.end();
    assert!(ended.status.success(), "{}", ended.stderr);
}

/// Prints from tasks, by Rust and by C, on both drivers with processes.
fn prints(_dir: &Path) {
    print!("caller, ");
    for driver in [Driver::Process, Driver::Fork] {
        for round in 0..5 {
            let (a, b) = concurrent! {
                a => {
                    print!("rust {round}, ");
                    vec![round; 100]
                },
                b => {
                    // SAFETY: the text ends with a zero.
                    unsafe { libc::printf(c"c text, ".as_ptr()) };
                    eprintln!("an error line");
                    round
                },
            }
            .driver(driver.clone())
            .limit(1)
            .run()
            .expect("both succeed");
            assert_eq!((a, b), (vec![round; 100], round));
        }
    }
    println!("the end");
}

pub(crate) fn printing_corrupts_nothing() {
    let ended = scenario("prints").succeeds();
    for round in 0..5 {
        assert_eq!(ended.stdout.matches(&format!("rust {round}, ")).count(), 2, "{}", ended.stdout);
    }
    let count = |text: &str| ended.stdout.matches(text).count();
    assert_eq!(
        (count("caller, "), count("c text, "), count("the end\n")),
        (1, 10, 1),
        "{}",
        ended.stdout
    );
    assert!(ended.stdout.ends_with("the end\n"), "{}", ended.stdout);
    assert_eq!(ended.stderr.matches("an error line\n").count(), 10, "{}", ended.stderr);
}

/// Reads its standard input before and after tasks that try to.
fn reads(_dir: &Path) {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).expect("it can be read");
    assert_eq!(line, "first\n");
    for driver in [Driver::Process, Driver::Fork] {
        let (bytes,) = concurrent! {
            bytes => {
                let mut bytes = [0_u8; 64];
                let descriptor = std::io::stdin();
                rustix::io::read(&descriptor, &mut bytes)?
            },
        }
        .driver(driver)
        .run()
        .expect("it is at its end");
        assert_eq!(bytes, 0);
    }
    line.clear();
    std::io::stdin().lock().read_line(&mut line).expect("it can be read");
    assert_eq!(line, "second\n");
}

pub(crate) fn standard_input_stays_the_callers() {
    scenario("reads").stdin("first\nsecond\n").succeeds();
}

/// Counts how often `main` is run, and ends soon after a run was started.
fn hasty(dir: &Path) {
    let path = dir.join("mains");
    let mut log =
        std::fs::OpenOptions::new().append(true).create(true).open(path).expect("it opens");
    log.write_all(b"main\n").expect("it can be written");
    let how = std::env::args().nth(1).unwrap_or_default();
    let micros: u64 = std::env::args().nth(2).and_then(|text| text.parse().ok()).unwrap_or(0);
    std::thread::spawn(|| {
        concurrent! { one => std::thread::sleep(Duration::from_secs(100)) }.run()
    });
    std::thread::sleep(Duration::from_micros(micros));
    match how.as_str() {
        "exit" => std::process::exit(0),
        "kill" => kill_process(rustix::process::getpid(), Signal::KILL).expect("it can be sent"),
        _ => {}
    }
}

pub(crate) fn main_never_runs_twice() {
    for how in ["exit", "kill", "return"] {
        for step in 0..12_u32 {
            let micros = (step * step * 40).to_string();
            let ended = scenario("hasty").arg(how).arg(micros).start().end();
            let dir = ended.marks.dir();
            // Whoever comes late has come by now: they are all children of this scenario's end.
            let path = dir.to_string_lossy().into_owned();
            assert!(eventually(|| !somebody_names(&path)), "a process of {path} goes on");
            let mains = std::fs::read_to_string(dir.join("mains")).expect("it was written");
            assert_eq!(mains, "main\n", "{how} after step {step}");
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

/// Removes its own binary before the first run, and puts something else there.
fn survives_its_binary(dir: &Path) {
    let binary = std::env::current_exe().expect("there is one");
    std::fs::remove_file(&binary).expect("it is a copy");
    std::fs::write(&binary, "#!/bin/sh\nexit 9\n").expect("it can be written");
    let (first,) = concurrent! { first => std::process::id() }.run().expect("it still runs");
    let server = pid(first);
    kill_process(server, Signal::KILL).expect("it is there");
    concurrent! { second => 2 }.run().expect("it still runs");
    mark(dir, "done");
}

pub(crate) fn the_binary_is_replaced() {
    let place = Marks::new();
    let copy = place.dir().join("copy");
    std::fs::copy(std::env::current_exe().expect("there is one"), &copy).expect("there is room");
    assert!(of_binary(&copy, "survives_its_binary").succeeds().marks.has("done"));
}
