//! The bar, as a terminal shows it.
//!
//! The program executes itself for every scenario, on a terminal that it makes; what is looked at is
//! the screen, not the bytes.

mod harness;
#[path = "progress/terminal.rs"]
mod terminal;

use std::future::IntoFuture;
use std::path::PathBuf;
use std::process::ExitCode;

use concur::{Driver, concurrent};
use futures_lite::StreamExt;
use terminal::Terminal;

/// Names the scenario in the environment of a child.
const SCENARIO: &str = "CONCUR_TEST_SCENARIO";

const CHECKS: &[harness::Check] = &[
    ("a_run_that_ends_leaves_what_came_of_it", a_run_that_ends_leaves_what_came_of_it),
    ("an_input_of_unknown_size_is_counted", an_input_of_unknown_size_is_counted),
    ("a_bar_shows_what_runs", a_bar_shows_what_runs),
    ("a_run_that_is_dropped_leaves_nothing", a_run_that_is_dropped_leaves_nothing),
    ("every_way_to_run_has_a_bar", every_way_to_run_has_a_bar),
    ("runs_leave_alone_what_is_printed_between", runs_leave_alone_what_is_printed_between),
    ("two_runs_at_once_have_a_line_each", two_runs_at_once_have_a_line_each),
    ("without_a_terminal_there_is_no_bar", without_a_terminal_there_is_no_bar),
    ("a_block_inside_a_task_has_no_bar", a_block_inside_a_task_has_no_bar),
    #[cfg(feature = "tracing")]
    ("what_tasks_record_stands_above_the_bar", what_tasks_record_stands_above_the_bar),
];

fn main() -> ExitCode {
    match std::env::var(SCENARIO) {
        Ok(scenario) => {
            play(&scenario);
            ExitCode::SUCCESS
        }
        Err(_) => harness::run(CHECKS),
    }
}

/// What a child does.
fn play(scenario: &str) {
    match scenario {
        "ends" => drop(squares(0..5).run()),
        "fork" => drop(squares(0..5).driver(Driver::Fork).run()),
        "thread" => drop(squares(0..5).driver(Driver::Thread).run()),
        "sync" => drop(squares(0..5).driver(Driver::Sync).run()),
        "fails" => {
            let run = concurrent! { good => 1, bad => "x".parse::<u32>()?, fine => 2 };
            drop(run.settle().progress().run());
        }
        "unknown" => {
            let odd = (0..5_u32).filter(|n| n % 2 == 1);
            drop(concurrent! { for n in odd => n }.progress().run());
        }
        "waits" => {
            let dir = PathBuf::from(std::env::var_os("CONCUR_TEST_DIR").expect("it is given"));
            let run = concurrent! { for n in 0..2_u32 => {
                while !dir.join("go").exists() {
                    std::thread::yield_now();
                }
                n
            } };
            run.limit(2).progress().run().expect("they succeed");
        }
        "dropped" => {
            let mut outcomes = squares(0..100).limit(1).iter();
            assert!(outcomes.next().is_some());
            drop(outcomes);
            println!("and on it goes");
        }
        "awaited" => drop(smol::block_on(squares(0..5).into_future())),
        "iterated" => assert_eq!(squares(0..5).iter().count(), 5),
        "streamed" => assert_eq!(smol::block_on(squares(0..5).stream().count()), 5),
        "twice" => {
            println!("first");
            drop(squares(0..2).run());
            println!("second");
            drop(squares(0..3).run());
            println!("third");
        }
        "at once" => {
            let runs = smol::future::zip(squares(0..2).into_future(), squares(0..3).into_future());
            drop(smol::block_on(runs));
        }
        "inside" => {
            let run = concurrent! { outer => squares(0..5).run()?.len() };
            drop(run.progress().run());
        }
        #[cfg(feature = "tracing")]
        "records" => {
            let lines = tracing_subscriber::fmt().without_time().with_writer(std::io::stderr);
            lines.compact().init();
            let run = concurrent! { for n in 0..5_u32 => tracing::warn!("task number {}", n) };
            drop(run.limit(1).progress().run());
        }
        other => panic!("there is no scenario {other}"),
    }
}

fn squares(
    numbers: impl Iterator<Item = u32> + Send + 'static,
) -> concur::Many<impl Iterator<Item = u32> + Send + 'static, u32> {
    concurrent! { for n in numbers => n * n }.progress()
}

/// The lines that a scenario leaves on its terminal.
fn left_by(scenario: &str) -> Vec<String> {
    let mut terminal = Terminal::open();
    let child = terminal.start(SCENARIO, scenario, &[]);
    terminal.read_to_end();
    assert!(terminal::wait(child), "{scenario}: {:?}", terminal.lines());
    terminal.lines()
}

/// Whether a line is a bar that is full, and ends so.
fn is_bar(line: &str, count: usize, end: &str) -> bool {
    let bar = "=".repeat(30);
    line.starts_with(&format!("[{bar}] {count}/{count} done, {end}"))
}

fn a_run_that_ends_leaves_what_came_of_it() {
    let lines = left_by("ends");
    assert!(lines.len() == 1 && is_bar(&lines[0], 5, "0 failed, "), "{lines:?}");
    let lines = left_by("fails");
    assert!(lines.len() == 1 && is_bar(&lines[0], 3, "1 failed, "), "{lines:?}");
}

fn an_input_of_unknown_size_is_counted() {
    let lines = left_by("unknown");
    assert!(lines.len() == 1 && lines[0].starts_with("2 done, 0 failed, "), "{lines:?}");
}

fn a_bar_shows_what_runs() {
    let dir = tempfile::TempDir::new().expect("there is room for a directory");
    let mut terminal = Terminal::open();
    let variables = [("CONCUR_TEST_DIR", dir.path().as_os_str())];
    let child = terminal.start(SCENARIO, "waits", &variables);
    terminal.read_until(|lines| lines.iter().any(|line| line.contains("] 0/2 done, 2 running, ")));
    std::fs::write(dir.path().join("go"), "").expect("a mark can be left");
    terminal.read_to_end();
    assert!(terminal::wait(child));
    let lines = terminal.lines();
    assert!(lines.len() == 1 && is_bar(&lines[0], 2, "0 failed, "), "{lines:?}");
}

fn a_run_that_is_dropped_leaves_nothing() {
    assert_eq!(left_by("dropped"), ["and on it goes"]);
}

fn every_way_to_run_has_a_bar() {
    for way in ["awaited", "iterated", "streamed", "fork", "thread", "sync"] {
        let lines = left_by(way);
        assert!(lines.len() == 1 && is_bar(&lines[0], 5, "0 failed, "), "{way}: {lines:?}");
    }
}

fn runs_leave_alone_what_is_printed_between() {
    let lines = left_by("twice");
    assert_eq!(lines.len(), 5, "{lines:?}");
    let (first, second) = (is_bar(&lines[1], 2, ""), is_bar(&lines[3], 3, ""));
    assert!(first && second, "{lines:?}");
    assert_eq!([&lines[0], &lines[2], &lines[4]], ["first", "second", "third"]);
}

fn two_runs_at_once_have_a_line_each() {
    let lines = left_by("at once");
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(is_bar(&lines[0], 2, "") && is_bar(&lines[1], 3, ""), "{lines:?}");
}

fn without_a_terminal_there_is_no_bar() {
    let own = std::env::current_exe().expect("it is there");
    let output = std::process::Command::new(own).env(SCENARIO, "ends").output().expect("it runs");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

fn a_block_inside_a_task_has_no_bar() {
    let lines = left_by("inside");
    assert!(lines.len() == 1 && is_bar(&lines[0], 1, "0 failed, "), "{lines:?}");
}

#[cfg(feature = "tracing")]
fn what_tasks_record_stands_above_the_bar() {
    let lines = left_by("records");
    assert_eq!(lines.len(), 6, "{lines:?}");
    for (number, line) in lines[..5].iter().enumerate() {
        assert!(
            line.contains(" WARN ") && line.contains(&format!("task number {number}")),
            "{line}"
        );
    }
    assert!(is_bar(&lines[5], 5, "0 failed, "), "{lines:?}");
}
