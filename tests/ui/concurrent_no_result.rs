//! A type that is called like a `Result`.

use concur::attr::concurrent;

#[derive(serde::Serialize, serde::Deserialize)]
struct QueryResult {
    rows: u32,
}

#[concurrent]
fn query(rows: u32) -> QueryResult {
    QueryResult { rows }
}

fn main() {}
