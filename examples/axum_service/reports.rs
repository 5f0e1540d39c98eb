//! Reports about the shop, one good and three with faults of the kind that code has which nobody
//! has read in years.

use std::hint::black_box;
use std::path::Path;
use std::process;

use concur::attr::concurrent;

use crate::shop;

/// The product that most pieces were ordered of.
#[concurrent(timeout = "30s")]
pub(crate) fn best(db: &Path) -> rusqlite::Result<String> {
    let sql = "SELECT product FROM orders GROUP BY product ORDER BY sum(quantity) DESC, product";
    shop::open(db)?.query_row(sql, [], |row| row.get(0))
}

/// Computes for ever. The worker is killed on time, whatever it is at.
#[concurrent(timeout = "300ms")]
pub(crate) fn forecast(_db: &Path) -> String {
    while black_box(true) {}
    "sunny".to_owned()
}

/// Calls a C library that finds its own memory in disorder.
#[concurrent(timeout = "30s")]
pub(crate) fn import(_db: &Path) -> String {
    if black_box(true) {
        process::abort();
    }
    "imported".to_owned()
}

/// Divides by the number of returns, which is zero.
#[concurrent(timeout = "30s")]
pub(crate) fn share(db: &Path) -> rusqlite::Result<String> {
    let (orders, returns) = (shop::count(db, "orders")?, black_box(0));
    Ok((orders / returns).to_string())
}
