//! What every worker needs: a search over a shelf of books in an embedded database.
//!
//! The index of words is large and only read, so it is loaded once, before workers are forked, and
//! shared by all (`#[concur::preload]`). A connection cannot be shared by processes, so each worker
//! has its own, opened once and kept from task to task (`WorkerLocal`); it is opened and set up before
//! the first task, so that a database that is not there is told at once (`#[concur::on_worker_start]`).
//!
//! `cargo run --example worker_local` prints the answers and what they took. The same on other drivers:
//! `CONCUR_DRIVER=fork` (or `thread`, `sync`) before it.

mod shelf;

use std::collections::BTreeSet;
use std::error::Error;

use concur::concurrent;

const QUERIES: [&str; 8] =
    ["whale", "harbour light", "snow", "letter", "the sea", "bread market", "clock", "dragon"];

fn main() -> Result<(), Box<dyn Error>> {
    // Hooks have no arguments. These find the database in the working directory, which is that of
    // this program when it runs its first block.
    let folder = tempfile::tempdir()?;
    std::env::set_current_dir(&folder)?;
    let books = shelf::build()?;
    println!("{books} books on the shelf");

    let answers = concurrent! { for query in QUERIES => shelf::search(query)? }.run()?;

    for (query, answer) in QUERIES.iter().zip(&answers) {
        println!("\n{query}");
        for hit in &answer.hits {
            println!("  {} ({}): {}", hit.title, hit.year, hit.line);
        }
        if answer.hits.is_empty() {
            println!("  in no book");
        }
    }
    let places: BTreeSet<&str> = answers.iter().map(|answer| answer.place.as_str()).collect();
    println!("\n{} queries in {} places", QUERIES.len(), places.len());
    println!("index loaded: {}", times(shelf::logged("index")?));
    println!("connections opened: {}", times(shelf::logged("connection")?));
    Ok(())
}

fn times(count: usize) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}
