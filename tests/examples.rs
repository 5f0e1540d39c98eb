//! The examples do what they and the README say: each is run as its own program. (The main one has
//! `tests/dashboard.rs`.)

#[path = "examples/axum_service.rs"]
mod axum_service;
#[cfg(feature = "progress")]
#[path = "examples/count.rs"]
mod count;
#[path = "examples/http_retries.rs"]
mod http_retries;
#[path = "examples/isolation.rs"]
mod isolation;
#[path = "examples/service.rs"]
mod service;

use std::path::PathBuf;
use std::process::{Command, Output};

/// `cargo test` builds the examples beside the tests; with `--test examples` alone it does not, and
/// `cargo build --examples` has to come first.
fn example(name: &str) -> Command {
    let tests = std::env::current_exe().expect("this test has a path");
    let target: PathBuf = tests.ancestors().nth(2).expect("target/debug/deps/test").to_owned();
    let program = target.join("examples").join(name);
    assert!(program.exists(), "{} is there: cargo build --examples", program.display());
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CONCUR_") {
            command.env_remove(name);
        }
    }
    command
}

/// What it printed, if it ended well.
fn printed(mut command: Command) -> String {
    let Output { status, stdout, stderr } = command.output().expect("it starts");
    let printed = String::from_utf8_lossy(&stdout).into_owned();
    assert!(status.success(), "{status}\n{printed}\n{}", String::from_utf8_lossy(&stderr));
    printed
}

/// The line with these words in it.
fn line_with<'a>(words: &str, printed: &'a str) -> &'a str {
    let mut lines = printed.lines().filter(|line| line.contains(words));
    let line = lines.next().unwrap_or_else(|| panic!("no {words:?} in:\n{printed}"));
    assert_eq!(lines.next(), None, "{words:?} is in one line of:\n{printed}");
    line
}
