//! A service whose methods are tasks: annotated once, called directly or run in other processes, and
//! tested without either.
//!
//! ```text
//! cargo run --example service
//! cargo test --features testing --test service    # the tests of the service
//! ```
//!
//! Read `analyzer.rs`, the service; then `tests/service.rs` in the folder above: a unit test with a
//! fake, and an integration test on drivers Sync and Process.

mod analyzer;

use std::process::ExitCode;

use analyzer::{Analyzer, Sale};

fn main() -> ExitCode {
    let sales = [("tea", 2024, 120), ("cups", 2024, 300), ("tea", 2025, 200), ("cups", 2025, 280)];
    let sales =
        sales.map(|(product, year, cents)| Sale { product: product.to_owned(), year, cents });
    let analyzer = Analyzer::new("EU", sales.to_vec());

    // An annotated method is a method like any other.
    println!("growth, computed here: {:+.1} %", analyzer.growth(2025).unwrap_or(f64::NAN));

    match analyzer.report(2025) {
        Ok(report) => print!("{report}"),
        Err(err) => {
            eprintln!("no report: {err}");
            return ExitCode::FAILURE;
        }
    }

    // The error of a task comes back as the value that it was.
    let err = analyzer.report(1999).expect_err("nothing was sold before 2024");
    println!("{err}");
    let value = err.failures().first().and_then(concur::TaskError::decode_error);
    println!("as a value: {:?}", value as Option<analyzer::AnalysisError>);

    println!("tasks of this program:");
    for task in concur::tasks() {
        println!("  {}", task.name());
    }
    ExitCode::SUCCESS
}
