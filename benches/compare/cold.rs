//! Programs that start, have one task done in another process, and end: what a command-line tool
//! pays. A sample launches them one by one and times them from outside, around start and end, or has
//! them say how long they took from their `main` to the result.

use std::io::{self, Write};
use std::process::{Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::launch::{self, adopt_orphans, ending_program, reap_orphans, this_program};
use crate::sample::{Measure, timed};
use crate::{concur_rows, procspawn_rows};

pub(crate) const NOTHING: &str = "nothing";
pub(crate) const SPAWN: &str = "spawn";
pub(crate) const CONCUR: &str = "concur";
pub(crate) const PROCSPAWN: &str = "procspawn";

/// How long the machine rests between two such programs.
const REST: Duration = Duration::from_millis(1);

/// Is such a program.
pub(crate) fn run(program: &str) {
    match program {
        NOTHING => {}
        SPAWN => {
            let status = ending_program().status().expect("this binary starts");
            assert!(status.success(), "a process that does nothing ended with {status}");
        }
        CONCUR => concur_rows::one_task(),
        PROCSPAWN => procspawn_rows::one_task(),
        other => panic!("there is no cold program `{other}`"),
    }
}

/// Is such a program that says how long it took, from the beginning of its `main`.
pub(crate) fn run_timed(program: &str, began: Instant) {
    run(program);
    let took = began.elapsed().as_nanos();
    io::stdout().write_all(took.to_string().as_bytes()).expect("a sample reads that");
}

/// Times such a program from its start to its end.
pub(crate) fn measure(program: &'static str) -> Measure {
    one_by_one(move || timed(|| drop(launched(launch::COLD, program))))
}

/// Asks such a program how long it took to its result.
pub(crate) fn measure_first(program: &'static str) -> Measure {
    one_by_one(move || {
        let said = launched(launch::FIRST, program).stdout;
        let nanos = String::from_utf8(said).ok().and_then(|said| said.parse().ok());
        Duration::from_nanos(nanos.expect("it says a number"))
    })
}

fn launched(role: &str, program: &str) -> Output {
    let mut command = this_program();
    command.args([role, program]).stderr(Stdio::inherit());
    let output = if role == launch::FIRST {
        command.output()
    } else {
        let status = command.status();
        status.map(|status| Output { status, stdout: Vec::new(), stderr: Vec::new() })
    };
    let output = output.expect("this binary starts");
    assert!(output.status.success(), "the cold program `{program}` ended with {}", output.status);
    output
}

/// Each begins when nothing of the one before is left, and as rested, whether there was something to
/// wait for or not.
fn one_by_one(mut launch: impl FnMut() -> Duration + 'static) -> Measure {
    adopt_orphans();
    Box::new(move || {
        let took = launch();
        if !reap_orphans() {
            eprintln!("a cold program left a process that would not end");
        }
        thread::sleep(REST);
        took
    })
}
