//! Prints what was measured, as one aligned table in the order of the plan.
//!
//! The times are those of this machine in this run. The two columns of ratios are what the table is
//! for: how many times the first of the row, and how many times concur.

use std::num::NonZero;
use std::thread;
use std::time::Duration;

use crate::conductor::Score;
use crate::plan::{Effort, key};

pub(crate) fn print(effort: &Effort, scores: &[Score]) {
    let cpus = thread::available_parallelism().map_or(1, NonZero::get);
    println!();
    println!("concur compared: medians of the medians of interleaved samples, on {cpus} CPUs;");
    println!("only the ratios carry over to another machine");
    if effort.divisor > 1 {
        println!("quick: far too few iterations to conclude anything from");
    }
    if cfg!(debug_assertions) {
        println!("a debug build: the figures mean nothing");
    }

    println!();
    println!(
        "{:36}{:>10}{:>24}{:>9}{:>10}{:>10}",
        "", "time", "lowest .. highest", "samples", "to first", "to concur"
    );
    let mut current = "";
    for score in scores {
        if current != score.row.key {
            current = score.row.key;
            println!("{}: {}", current, score.row.title);
        }
        print_line(score, scores);
    }
}

fn print_line(score: &Score, scores: &[Score]) {
    let label = score.contender.label;
    let Some(time) = score.time() else {
        let why = score.failure.as_deref().unwrap_or("not measured");
        println!("    {label:32}{:>10}  {why}", "-");
        return;
    };
    let first = score.row.contenders[0].key;
    let ratio_to = |other: &str| {
        let other = score_of(scores, score.row.key, other).and_then(Score::time);
        other.map_or(String::from("-"), |other| format!("{:.2}", time.div_duration_f64(other)))
    };
    println!(
        "    {label:32}{:>10}{:>24}{:>9}{:>10}{:>10}",
        shown(time),
        spread(&score.medians),
        score.medians.len(),
        ratio_to(first),
        ratio_to(key::CONCUR),
    );
}

/// What a contender did in a row, if that was among those played.
pub(crate) fn score_of<'a>(scores: &'a [Score], row: &str, contender: &str) -> Option<&'a Score> {
    scores.iter().find(|score| score.row.key == row && score.contender.key == contender)
}

/// The lowest and the highest of the rounds.
fn spread(medians: &[Duration]) -> String {
    match (medians.iter().min(), medians.iter().max()) {
        (Some(low), Some(high)) => format!("{} .. {}", shown(*low), shown(*high)),
        _ => String::new(),
    }
}

/// Three digits and a unit.
fn shown(time: Duration) -> String {
    let (value, unit) = match time.as_nanos() {
        0..1_000 => (time.as_secs_f64() * 1e9, "ns"),
        1_000..1_000_000 => (time.as_secs_f64() * 1e6, "µs"),
        1_000_000..1_000_000_000 => (time.as_secs_f64() * 1e3, "ms"),
        _ => (time.as_secs_f64(), "s"),
    };
    let digits = match value {
        100.0.. => 0,
        10.0.. => 1,
        _ => 2,
    };
    format!("{value:.digits$} {unit}")
}
