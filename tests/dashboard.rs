//! The main example does what the README says of it: its output, its choices, its refusals.

use std::path::PathBuf;
use std::process::{Command, Output};

/// `cargo test` builds the examples beside the tests; with `--test dashboard` alone it does not, and
/// `cargo build --example dashboard` has to come first.
fn dashboard(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let tests = std::env::current_exe().expect("this test has a path");
    let target: PathBuf = tests.ancestors().nth(2).expect("target/debug/deps/test").to_owned();
    let example = target.join("examples").join("dashboard");
    assert!(example.exists(), "{} is there: cargo build --example dashboard", example.display());
    Command::new(example)
        .args(arguments)
        .env_remove("CONCUR_DRIVER")
        .envs(environment.iter().copied())
        .output()
        .expect("it starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn it_computes_the_same_metrics_on_the_driver_of_the_environment() {
    let output = dashboard(&[], &[("CONCUR_DRIVER", "process")]);
    let printed = text(&output.stdout);
    assert!(output.status.success(), "{printed}\n{}", text(&output.stderr));
    for part in [
        "users ",
        "orders ",
        "products ",
        "page views ",
        "revenue ",
        "conversion ",
        "abandonment ",
        "Top products by revenue",
        "speed-up",
        "process: who ran when",
        "computed the same metrics",
    ] {
        assert!(printed.contains(part), "no {part:?} in:\n{printed}");
    }
    assert!(!printed.contains("fork: who ran when"), "only one driver was asked for:\n{printed}");
}

#[test]
fn the_flag_comes_before_the_environment() {
    let output = dashboard(&["--driver", "sync"], &[("CONCUR_DRIVER", "warp")]);
    let printed = text(&output.stdout);
    assert!(output.status.success(), "{printed}\n{}", text(&output.stderr));
    assert!(printed.contains("sync: who ran when"), "{printed}");
}

#[test]
fn an_unknown_driver_is_refused_by_name() {
    for (arguments, environment) in
        [(&["--driver", "warp"][..], &[][..]), (&[], &[("CONCUR_DRIVER", "warp")])]
    {
        let output = dashboard(arguments, environment);
        assert!(!output.status.success());
        let said = text(&output.stderr);
        for part in ["warp", "process", "fork", "thread", "sync"] {
            assert!(said.contains(part), "no {part:?} in:\n{said}");
        }
    }
}
