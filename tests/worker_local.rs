//! The example of what every worker needs does what it says: its answers, and how often it loads and
//! opens, on every driver.

use std::path::PathBuf;
use std::process::Command;

/// What the example prints on a driver.
fn printed_on(driver: &str) -> String {
    let tests = std::env::current_exe().expect("this test has a path");
    let target: PathBuf = tests.ancestors().nth(2).expect("target/debug/deps/test").to_owned();
    let example = target.join("examples").join("worker_local");
    assert!(example.exists(), "{} is there: cargo build --example worker_local", example.display());
    let command = Command::new(example)
        .env("CONCUR_DRIVER", driver)
        .env("CONCUR_WORKERS", "2")
        .output()
        .expect("it starts");
    let printed = String::from_utf8_lossy(&command.stdout).into_owned();
    let said = String::from_utf8_lossy(&command.stderr);
    assert!(command.status.success() && said.is_empty(), "{driver}: {printed}\n{said}");
    printed
}

/// The number at the end of a line that begins so.
fn count(printed: &str, line: &str) -> usize {
    let line = printed.lines().find_map(|known| known.strip_prefix(line));
    let word = line.unwrap_or_else(|| panic!("no such line in:\n{printed}")).trim();
    match word.split_whitespace().next() {
        Some("once") => 1,
        number => number.and_then(|number| number.parse().ok()).expect("a number"),
    }
}

const ANSWERS: [&str; 6] = [
    "4 books on the shelf",
    "whale\n  The Long Tide (1911): A whale came up beside the boat and looked at us.\n  Low Water \
     (1976): The market women said that the whale had been there before.\n",
    "harbour light\n  The Long Tide (1911): Behind the harbour the light went round and round.\n  A \
     Winter of Clocks (1958): In the harbour no light was lit that winter.\n",
    "bread market\n  Salt and Bread (1934): The market sold bread until the clock struck nine.\n",
    "dragon\n  in no book\n",
    "8 queries in ",
];

#[test]
fn workers_share_the_index_and_open_one_connection_each() {
    let printed = printed_on("process");
    for part in ANSWERS {
        assert!(printed.contains(part), "no {part:?} in:\n{printed}");
    }
    assert_eq!(count(&printed, "index loaded:"), 1, "{printed}");
    let connections = count(&printed, "connections opened:");
    let places = count(&printed, "8 queries in ");
    assert!((places..=2).contains(&connections), "one for each worker:\n{printed}");
}

#[test]
fn other_drivers_give_the_same_answers() {
    for (driver, index, connections) in [("fork", 8, 8), ("sync", 1, 1)] {
        let printed = printed_on(driver);
        for part in ANSWERS {
            assert!(printed.contains(part), "{driver}: no {part:?} in:\n{printed}");
        }
        assert_eq!(count(&printed, "index loaded:"), index, "{driver}: {printed}");
        assert_eq!(count(&printed, "connections opened:"), connections, "{driver}: {printed}");
    }
    let printed = printed_on("thread");
    assert!(ANSWERS.iter().all(|part| printed.contains(part)), "{printed}");
}
