//! What tasks defer outlives them, whatever they are part of and however that ends: their worker, the
//! supervisor that ran them, and the program.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use concur::{Driver, ErrorKind, concurrent};
use rustix::process::{Signal, kill_process};

use crate::contract::{await_mark, eventually, is_alive, mark};
use crate::played::parent;
use crate::processes::{children, pid};
use crate::scenario::{Named, scenario};

pub(crate) const SCENARIOS: &[Named] = &[
    ("deferred_tasks_defer_on_process", |dir| deferred_tasks_defer(dir, &Driver::Process)),
    ("deferred_tasks_defer_on_fork", |dir| deferred_tasks_defer(dir, &Driver::Fork)),
    ("a_task_defers_on_fork", a_task_defers_on_fork),
];

/// So often a deferred task defers.
const TIMES: u32 = 10;

const LONG: Duration = Duration::from_secs(60);

/// Defers two tasks, one after the other, so that the second one needs a supervisor that goes on. The
/// first says which process it is; both wait until they may end, and use a server of their own.
fn defer_two(dir: &Path, name: &str, driver: &Driver) -> Result<(), concur::Error> {
    let (there, name) = (dir.to_owned(), name.to_owned());
    concurrent! {
        for part in 0..2_u32 => {
            tell(&there, &format!("{name} runs"), &std::process::id().to_string());
            assert!(await_mark(&there, "go"));
            let (four,) = concurrent! { four => 2 + 2 }.run()?;
            mark(&there, &format!("{name} done {part} {four}"));
        }
    }
    .limit(1)
    .driver(driver.clone())
    .defer()
    .map(drop)
}

/// Leaves a file that is there as a whole or not at all.
fn tell(dir: &Path, name: &str, text: &str) {
    let unfinished = dir.join(format!("{name}.tmp"));
    std::fs::write(&unfinished, text).expect("there is room");
    std::fs::rename(unfinished, dir.join(name)).expect("it was written");
}

fn told(dir: &Path, name: &str) -> u32 {
    assert!(await_mark(dir, name), "{name}");
    let text = std::fs::read_to_string(dir.join(name)).expect("it was written");
    text.parse().expect("it is a number")
}

fn are_done(dir: &Path, name: &str) -> bool {
    (0..2).all(|part| await_mark(dir, &format!("{name} done {part} 4")))
}

fn tell_server(dir: &Path) {
    let children = children(std::process::id());
    let [server] = children[..] else { panic!("one server: {children:?}") };
    tell(dir, "server", &server.to_string());
}

fn deferred_tasks_defer(dir: &Path, inner: &Driver) {
    let deferrals: Vec<concur::Deferred> = (0..TIMES)
        .map(|number| {
            let (there, inner) = (dir.to_owned(), inner.clone());
            concurrent! { outer => defer_two(&there, &number.to_string(), &inner)? }
                .defer()
                .expect("it can be deferred")
        })
        .collect();
    for deferred in deferrals {
        deferred.wait_for(LONG).expect("the inner ones are deferred");
    }
    tell_server(dir);
}

fn a_task_defers_on_fork(dir: &Path) {
    let there = dir.to_owned();
    let run = concurrent! { outer => defer_two(&there, "0", &Driver::Fork)? }.run();
    run.expect("the inner one is deferred");
    tell_server(dir);
}

/// Plays a program to its end, and that of its server; what it left must still be done.
fn is_done_after(name: &str, times: u32) {
    let ended = scenario(name).succeeds();
    let dir = ended.marks.dir();
    let server = told(&dir, "server");
    assert!(eventually(|| !is_alive(server)), "the server is still there");
    mark(&dir, "go");
    for number in 0..times {
        assert!(are_done(&dir, &number.to_string()), "{number}: {:?}", ended.marks);
    }
}

pub(crate) fn what_deferred_tasks_defer_is_done() {
    is_done_after("deferred_tasks_defer_on_process", TIMES);
}

pub(crate) fn what_deferred_tasks_defer_on_fork_is_done() {
    is_done_after("deferred_tasks_defer_on_fork", TIMES);
}

pub(crate) fn what_a_task_defers_on_fork_is_done() {
    is_done_after("a_task_defers_on_fork", 1);
}

/// A server that adopts a supervisor spares it, and what is below it, for as long as it lives.
pub(crate) fn an_adopted_supervisor_is_spared(dir: &Path) {
    let there = dir.to_owned();
    let deferred = concurrent! {
        outer => {
            tell(&there, "outer runs", &std::process::id().to_string());
            defer_two(&there, "inner", &Driver::Process)?;
            std::thread::sleep(Duration::from_secs(600));
        },
    };
    let deferred = deferred.defer().expect("it can be deferred");
    let (outer, inner) = (told(dir, "outer runs"), told(dir, "inner runs"));
    // A worker's parent is its fork server, whose parent is the supervisor, which was forked from
    // another fork server.
    let (first, second) = (parent(parent(outer)), parent(parent(inner)));
    let server = parent(first);
    assert_eq!(parent(server), std::process::id());
    kill_process(pid(first), Signal::KILL).expect("it is there");
    deferred.wait_for(LONG).expect_err("its supervisor is gone");
    assert!(eventually(|| !is_alive(outer) && parent(second) == server));
    // With each of these workers the server buries all that was left behind.
    for _ in 0..3 {
        concurrent! { one => () }.isolated().run().expect("it ends well");
    }
    assert!(is_alive(second) && is_alive(inner));
    mark(dir, "go");
    assert!(are_done(dir, "inner"));
    assert!(eventually(|| !is_alive(second)));
}

/// What is below a supervisor that is gone is left behind like anything else.
pub(crate) fn what_an_adopted_supervisor_leaves_is_not_spared(dir: &Path) {
    let there = dir.to_owned();
    let run = concurrent! {
        outer => {
            let inside = there.clone();
            let deferred = concurrent! {
                inner => {
                    let other = Command::new("sleep").arg("600").process_group(0).spawn()?;
                    tell(&inside, "inner runs", &std::process::id().to_string());
                    tell(&inside, "other runs", &other.id().to_string());
                    std::thread::sleep(Duration::from_secs(600));
                },
            };
            deferred.driver(Driver::Fork).defer()?;
        },
    };
    run.isolated().run().expect("it can be deferred");
    let (inner, other) = (told(dir, "inner runs"), told(dir, "other runs"));
    let supervisor = parent(inner);
    let [server] = children(std::process::id())[..] else { panic!("there is one server") };
    assert!(eventually(|| parent(supervisor) == server));
    kill_process(pid(supervisor), Signal::KILL).expect("it is there");
    // What it had started fell to the server before.
    assert!(eventually(|| !is_alive(inner)));
    concurrent! { one => () }.isolated().run().expect("it ends well");
    assert!(eventually(|| !is_alive(other)));
}

pub(crate) fn what_a_task_defers_on_fork_survives_its_crash(dir: &Path) {
    let there = dir.to_owned();
    let run = concurrent! {
        outer => {
            defer_two(&there, "inner", &Driver::Fork)?;
            std::process::abort()
        },
    };
    let run: Result<((),), concur::Error> = run.run();
    assert_eq!(run.expect_err("it died").kind(), ErrorKind::Killed);
    mark(dir, "go");
    assert!(are_done(dir, "inner"));
}

/// All else that such a task has started goes with it.
pub(crate) fn what_a_fork_defers_survives_its_timeout(dir: &Path) {
    for inner in [Driver::Process, Driver::Fork] {
        let place = dir.join(inner.name());
        std::fs::create_dir(&place).expect("there is room");
        let mut timeout = Duration::from_millis(500);
        // Longer ones for a machine that has no time to get there.
        while !place.join("deferred").exists() {
            let (there, inner) = (place.clone(), inner.clone());
            let run = concurrent! {
                outer => {
                    defer_two(&there, "inner", &inner)?;
                    let other = Command::new("sleep").arg("600").process_group(0).spawn()?;
                    tell(&there, "deferred", &other.id().to_string());
                    std::thread::sleep(Duration::from_secs(600));
                },
            };
            let err = run.driver(Driver::Fork).timeout(timeout).run().expect_err("it is slow");
            assert_eq!(err.kind(), ErrorKind::TimedOut);
            timeout *= 2;
        }
        let other = told(&place, "deferred");
        assert!(eventually(|| !is_alive(other)), "{inner}");
        mark(&place, "go");
        assert!(are_done(&place, "inner"), "{inner}");
    }
}
