//! The shop: an embedded `SQLite` file, and ordinary functions that block.
//!
//! Each opens a connection of its own, wherever it runs: a connection cannot be sent to another
//! process, a path can.

use std::path::Path;

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize)]
pub(crate) struct Metrics {
    pub(crate) orders: i64,
    pub(crate) pieces: i64,
    pub(crate) mails: i64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    product: String,
    quantity: u32,
}

#[derive(Debug, Serialize)]
pub(crate) struct Receipt {
    pub(crate) order: i64,
}

/// Makes the file, unless it is there.
pub(crate) fn create(db: &Path) -> rusqlite::Result<()> {
    // With a write-ahead log those who read do not wait for the one who writes.
    open(db)?.execute_batch(
        "PRAGMA journal_mode = WAL;
         CREATE TABLE IF NOT EXISTS orders (
             id        INTEGER PRIMARY KEY,
             product   TEXT    NOT NULL,
             quantity  INTEGER NOT NULL
         );
         CREATE TABLE IF NOT EXISTS mails (
             order_id  INTEGER PRIMARY KEY REFERENCES orders (id),
             body      TEXT    NOT NULL
         );",
    )
}

/// Opens a connection; one that finds the file locked waits for 5 s, as rusqlite has it.
pub(crate) fn open(db: &Path) -> rusqlite::Result<Connection> {
    Connection::open(db)
}

pub(crate) fn count(db: &Path, table: &str) -> rusqlite::Result<i64> {
    open(db)?.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
}

pub(crate) fn pieces(db: &Path) -> rusqlite::Result<i64> {
    open(db)?.query_row("SELECT coalesce(sum(quantity), 0) FROM orders", [], |row| row.get(0))
}

/// Returns the number of the order.
pub(crate) fn add_order(db: &Path, order: &Order) -> rusqlite::Result<i64> {
    let shop = open(db)?;
    let sql = "INSERT INTO orders (product, quantity) VALUES (?, ?)";
    shop.execute(sql, params![order.product, order.quantity])?;
    Ok(shop.last_insert_rowid())
}

/// Stands for a mail server, which would take its time. Tried again, it sends no second mail.
pub(crate) fn send_mail(db: &Path, order: i64) -> rusqlite::Result<()> {
    let sql = "INSERT OR IGNORE INTO mails (order_id, body)
               SELECT id, 'Thank you for ' || quantity || ' x ' || product FROM orders WHERE id = ?";
    open(db)?.execute(sql, [order]).map(drop)
}
