//! Programs that start, have one task done in another process, and end: what a command-line tool
//! pays. Timed from outside, around start and end, by a sample that launches them one by one.

use crate::launch::{self, adopt_orphans, ending_program, reap_orphans, this_program};
use crate::sample::{Measure, timed};
use crate::{concur_rows, procspawn_rows};

pub(crate) const NOTHING: &str = "nothing";
pub(crate) const SPAWN: &str = "spawn";
pub(crate) const CONCUR: &str = "concur";
pub(crate) const PROCSPAWN: &str = "procspawn";

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

/// Times such a program from its start to its end, once for each iteration.
pub(crate) fn measure(program: &'static str) -> Measure {
    adopt_orphans();
    Box::new(move || {
        let took = timed(|| {
            let status =
                this_program().args([launch::COLD, program]).status().expect("this binary starts");
            assert!(status.success(), "the cold program `{program}` ended with {status}");
        });
        if !reap_orphans() {
            eprintln!("the cold program `{program}` left a process that would not end");
        }
        took
    })
}
