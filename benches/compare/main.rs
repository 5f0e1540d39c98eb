//! `cargo bench`: concur beside the raw primitives and its nearest peer, in one run.
//!
//! The file only tells the roles apart, for this one binary plays them all by re-executing itself:
//! the [`conductor`] goes through the [`plan`] in interleaved rounds; each sample of each contender
//! is a process of its own ([`sample`]), so that no contender's threads, workers or heap stand in
//! another's way; a *cold* program does one task and ends; the exec mark ends at once. What comes
//! back goes to the [`report`]. A worker of concur never gets here: the constructor door takes it
//! before `main`. A worker of procspawn is taken by `procspawn::init`.
//!
//! `cargo bench` measures, in under a minute. `cargo bench -- --quick`, and any call without the
//! `--bench` that cargo passes (`cargo test --benches`), goes through everything with a few
//! iterations. A word, as in `cargo bench -- warm`, picks the rows whose name holds it.
//! No figure fails the run.

mod plan;

mod conductor;
mod sample;

mod concur_rows;
mod procspawn_rows;
mod raw_rows;

mod cold;
mod launch;

mod bars;
mod report;

use std::env;
use std::time::Instant;

fn main() {
    let began = Instant::now();
    if launch::ends_at_once() {
        return;
    }
    procspawn::init();

    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        [launch::COLD, program] => cold::run(program),
        [launch::FIRST, program] => cold::run_timed(program, began),
        [launch::SAMPLE, row, contender, effort] => sample::run(row, contender, effort),
        _ => compare(&words),
    }
}

/// The run that a person starts.
fn compare(words: &[&str]) {
    // A test runner that asks for the list of tests is told that there are none.
    if words.contains(&"--list") {
        return;
    }
    let measuring = words.contains(&"--bench") && !words.contains(&"--quick");
    let effort = if measuring { &plan::FULL } else { &plan::QUICK };
    let wanted: Vec<&str> = words.iter().copied().filter(|word| !word.starts_with('-')).collect();

    let scores = conductor::play(effort, &wanted);
    report::print(effort, &scores);
    bars::print(&scores);
}
