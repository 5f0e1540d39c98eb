//! A test harness for programs with a single thread: runs checks one after another, and prints what
//! libtest prints.
//!
//! A check that hangs is ended by an alarm, and the program with it: in a program without threads
//! nobody else could.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

/// A check and its name.
pub(crate) type Check = (&'static str, fn());

/// A check that goes on for longer than this hangs, in seconds.
const PATIENCE: u32 = 90;

/// Runs the checks that the command line asks for: all, or those whose names contain an argument
/// (with `--exact`, are one).
pub(crate) fn run(checks: &[Check]) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        for (name, _) in checks {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    let exact = arguments.iter().any(|argument| argument == "--exact");
    let filters: Vec<&String> =
        arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    let is_wanted = |name: &str| {
        let fits =
            |filter: &&String| if exact { name == **filter } else { name.contains(&***filter) };
        filters.is_empty() || filters.iter().any(fits)
    };
    let wanted: Vec<&Check> = checks.iter().filter(|(name, _)| is_wanted(name)).collect();
    println!("\nrunning {} tests", wanted.len());
    let mut failed = Vec::new();
    for (name, check) in &wanted {
        // SAFETY: `alarm` only sets the process' timer; its signal ends the process.
        unsafe { libc::alarm(PATIENCE) };
        eprintln!("test {name} ...");
        let passed = catch_unwind(AssertUnwindSafe(check)).is_ok();
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
        if !passed {
            failed.push(*name);
        }
    }
    // SAFETY: as above; zero takes it back.
    unsafe { libc::alarm(0) };
    let (passed, left_out) = (wanted.len() - failed.len(), checks.len() - wanted.len());
    let result = if failed.is_empty() { "ok" } else { "FAILED" };
    for name in &failed {
        println!("failed: {name}");
    }
    println!(
        "\ntest result: {result}. {passed} passed; {} failed; 0 ignored; 0 measured; {left_out} \
         filtered out\n",
        failed.len()
    );
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
