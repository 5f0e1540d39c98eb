//! A dashboard: eight metrics of an online shop, computed one after another and then with concur.
//!
//! ```text
//! cargo run --example dashboard                     # compares all drivers
//! cargo run --example dashboard -- --driver fork    # only this one; so does CONCUR_DRIVER=fork
//! ```
//!
//! The part to read is [`with_concur`]. The metrics that it calls are ordinary functions, and know
//! nothing of processes (`metrics.rs`); the rest is the shop itself (`shop.rs`), the command line
//! (`options.rs`) and what is printed (`report.rs`, `timeline.rs`).
//!
//! Threads gain less than processes here: `SQLite` counts all memory of a process under one lock.

mod metrics;
mod options;
mod report;
mod shop;
mod timeline;

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};
use std::{env, io};

use concur::{Driver, concurrent};

use crate::metrics::{Day, Metrics, Rate, Sales, Totals};
use crate::options::{Command, HELP};
use crate::timeline::{Span, Timed, timed};

/// How often everything is timed. The rounds take turns, so that what else the machine does
/// meanwhile does not hit one driver only, and the median of them is what counts.
const ROUNDS: usize = 3;

fn main() -> ExitCode {
    // Both may hold anything; what is not text is no driver either, and is named in the error.
    let arguments = env::args_os().skip(1).map(|it| it.to_string_lossy().into_owned());
    let environment = env::var_os("CONCUR_DRIVER").map(|it| it.to_string_lossy().into_owned());

    let outcome = match Command::parse(arguments, environment) {
        Ok(Command::Help) => write!(io::stdout(), "{HELP}").map_err(Box::from),
        Ok(Command::Compare(drivers)) => compare(&drivers),
        Err(mistake) => {
            eprintln!("dashboard: {mistake}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("dashboard: {err}");
            let mut cause = err.source();
            while let Some(err) = cause {
                eprintln!("  because: {err}");
                cause = err.source();
            }
            ExitCode::FAILURE
        }
    }
}

/// Computes the dashboard in every way, checks that they agree, and prints what was found.
fn compare(drivers: &[Driver]) -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout();

    let db = shop::location()?;
    if !db.exists() {
        writeln!(out, "Making the shop, in this first run only: {}", db.display())?;
        let started = Instant::now();
        shop::create(&db)?;
        writeln!(out, "That took {:.1} s.", started.elapsed().as_secs_f64())?;
    }

    // This pass is not timed: it brings the file into the page cache, for all that follow alike.
    let expected = one_after_another(&db)
        .map_err(|err| format!("{err}; delete {} to have it made anew", db.display()))?
        .metrics;
    report::metrics(&mut out, &expected)?;

    writeln!(out, "\nTiming {ROUNDS} rounds, after one pass that warmed the page cache ...")?;
    let mut baseline = Vec::new();
    let mut timings: Vec<(Driver, Vec<Pass>)> =
        drivers.iter().map(|driver| (driver.clone(), Vec::new())).collect();
    for _ in 0..ROUNDS {
        baseline.push(one_after_another(&db)?);
        for (driver, passes) in &mut timings {
            let pass = with_concur(&db, driver)?;
            if pass.metrics != expected {
                let found = pass.metrics;
                return Err(format!(
                    "driver `{driver}` computed other metrics than plain calls did\n  \
                     plain calls: {expected:?}\n  {driver}: {found:?}"
                )
                .into());
            }
            passes.push(pass);
        }
    }

    report::times(&mut out, &baseline, &timings)?;
    report::charts(&mut out, &timings)?;
    writeln!(out, "\nEvery driver computed the same metrics as plain calls.")?;
    Ok(())
}

/// Plain calls, for comparison: each metric waits for the one before it.
fn one_after_another(db: &Path) -> rusqlite::Result<Pass> {
    let clock = Clock::start();
    let answers = (
        timed(|| metrics::busiest_day(db))?,
        timed(|| metrics::conversion(db))?,
        timed(|| metrics::top_products(db))?,
        timed(|| metrics::visit_length(db))?,
        timed(|| metrics::abandonment(db))?,
        timed(|| metrics::top_countries(db))?,
        timed(|| metrics::revenue(db))?,
        timed(|| metrics::totals(db))?,
    );
    Ok(clock.stop(answers))
}

/// The same calls as the tasks of a block, which run at the same time.
///
/// `db` is captured by itself and sent to each worker as data. What the tasks return comes back as
/// a typed tuple in the order written here, whatever finishes first; a task that fails at its `?`
/// stops the others. They are written longest first: on a few cores that packs them best.
fn with_concur(db: &Path, driver: &Driver) -> Result<Pass, concur::Error> {
    let clock = Clock::start();
    let answers = concurrent! {
        busiest_day   => timed(|| metrics::busiest_day(db))?,
        conversion    => timed(|| metrics::conversion(db))?,
        top_products  => timed(|| metrics::top_products(db))?,
        visit_length  => timed(|| metrics::visit_length(db))?,
        abandonment   => timed(|| metrics::abandonment(db))?,
        top_countries => timed(|| metrics::top_countries(db))?,
        revenue       => timed(|| metrics::revenue(db))?,
        totals        => timed(|| metrics::totals(db))?,
    }
    .driver(driver.clone())
    .run()?;
    Ok(clock.stop(answers))
}

/// What both of the above get, in the order in which they ask.
type Answers = (
    Timed<Day>,
    Timed<Rate>,
    Timed<Vec<Sales>>,
    Timed<u32>,
    Timed<Rate>,
    Timed<Vec<Sales>>,
    Timed<i64>,
    Timed<Totals>,
);

/// One pass over all metrics: the answers, and how long they took.
struct Pass {
    metrics: Metrics,
    spans: Vec<Span>,
    started: SystemTime,
    took: Duration,
}

/// Runs while a pass is under way.
struct Clock {
    started: SystemTime,
    running: Instant,
}

impl Clock {
    fn start() -> Self {
        Self { started: SystemTime::now(), running: Instant::now() }
    }

    fn stop(self, answers: Answers) -> Pass {
        let took = self.running.elapsed();
        let (
            busiest_day,
            conversion,
            top_products,
            visit_length,
            abandonment,
            top_countries,
            revenue,
            totals,
        ) = answers;
        Pass {
            spans: vec![
                busiest_day.span("busiest day"),
                conversion.span("conversion"),
                top_products.span("top products"),
                visit_length.span("visit length"),
                abandonment.span("abandonment"),
                top_countries.span("top countries"),
                revenue.span("revenue"),
                totals.span("totals"),
            ],
            metrics: Metrics {
                totals: totals.value,
                revenue: revenue.value,
                top_products: top_products.value,
                top_countries: top_countries.value,
                conversion: conversion.value,
                abandonment: abandonment.value,
                busiest_day: busiest_day.value,
                visit_length: visit_length.value,
            },
            started: self.started,
            took,
        }
    }
}
