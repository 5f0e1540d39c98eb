//! The metrics of the dashboard: eight independent questions to the shop.
//!
//! Each is an ordinary function from the path of the database to a typed answer. None knows where
//! it runs; all that is asked of the answers is that they can be sent (serde) and compared. Money
//! is counted in cents and rates are kept as two counts, so that "equal" means equal.

use std::path::Path;

use rusqlite::{Connection, Row};
use serde::{Deserialize, Serialize};

use crate::shop;

/// All answers of one pass over the metrics.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Metrics {
    pub(crate) totals: Totals,
    pub(crate) revenue: i64,
    pub(crate) top_products: Vec<Sales>,
    pub(crate) top_countries: Vec<Sales>,
    pub(crate) conversion: Rate,
    pub(crate) abandonment: Rate,
    pub(crate) busiest_day: Day,
    pub(crate) visit_length: u32,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Totals {
    pub(crate) users: u32,
    pub(crate) orders: u32,
    pub(crate) products: u32,
    pub(crate) page_views: u32,
}

/// What a product or a country brought in.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sales {
    pub(crate) name: String,
    pub(crate) cents: i64,
}

/// `part` of `whole`.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rate {
    pub(crate) part: u32,
    pub(crate) whole: u32,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Day {
    pub(crate) date: String,
    pub(crate) visitors: u32,
}

/// How many rows the main tables have.
pub(crate) fn totals(db: &Path) -> rusqlite::Result<Totals> {
    let sql = "SELECT (SELECT count(*) FROM users),
                      (SELECT count(*) FROM orders),
                      (SELECT count(*) FROM products),
                      (SELECT count(*) FROM page_views)";
    shop::open(db)?.query_row(sql, [], |row| {
        Ok(Totals {
            users: row.get(0)?,
            orders: row.get(1)?,
            products: row.get(2)?,
            page_views: row.get(3)?,
        })
    })
}

/// What all orders that were kept brought in, in cents.
pub(crate) fn revenue(db: &Path) -> rusqlite::Result<i64> {
    let sql = "SELECT sum(quantity * cents)
               FROM order_items JOIN orders ON orders.id = order_id
               WHERE status = 'paid'";
    shop::open(db)?.query_row(sql, [], |row| row.get(0))
}

/// The five products that brought in most.
pub(crate) fn top_products(db: &Path) -> rusqlite::Result<Vec<Sales>> {
    let sql = "SELECT products.name, sum(quantity * order_items.cents) AS brought_in
               FROM order_items JOIN orders   ON orders.id = order_id
                                JOIN products ON products.id = product_id
               WHERE status = 'paid'
               GROUP BY product_id
               ORDER BY brought_in DESC, product_id
               LIMIT 5";
    sales(&shop::open(db)?, sql)
}

/// The three countries that brought in most.
pub(crate) fn top_countries(db: &Path) -> rusqlite::Result<Vec<Sales>> {
    let sql = "SELECT country, sum(quantity * cents) AS brought_in
               FROM order_items JOIN orders ON orders.id = order_id
                                JOIN users  ON users.id = user_id
               WHERE status = 'paid'
               GROUP BY country
               ORDER BY brought_in DESC, country
               LIMIT 3";
    sales(&shop::open(db)?, sql)
}

/// How many of those who looked ever ordered.
pub(crate) fn conversion(db: &Path) -> rusqlite::Result<Rate> {
    let sql = "SELECT count(buyers.user_id), count(*)
               FROM (SELECT DISTINCT user_id FROM page_views) AS visitors
               LEFT JOIN (SELECT DISTINCT user_id FROM orders) AS buyers
                      ON buyers.user_id = visitors.user_id";
    shop::open(db)?.query_row(sql, [], rate)
}

/// How many of the carts that were looked at were never ordered.
pub(crate) fn abandonment(db: &Path) -> rusqlite::Result<Rate> {
    let sql = "SELECT count(*) - count(ordered.visit_id), count(*)
               FROM (SELECT DISTINCT visit_id FROM page_views WHERE page = 'cart') AS carts
               LEFT JOIN (SELECT DISTINCT visit_id FROM orders) AS ordered
                      ON ordered.visit_id = carts.visit_id";
    shop::open(db)?.query_row(sql, [], rate)
}

/// The day with the most visitors, each counted once.
pub(crate) fn busiest_day(db: &Path) -> rusqlite::Result<Day> {
    let sql = "SELECT date(viewed_at / 86400 * 86400, 'unixepoch'),
                      count(DISTINCT user_id) AS visitors
               FROM page_views
               GROUP BY viewed_at / 86400
               ORDER BY visitors DESC, viewed_at
               LIMIT 1";
    shop::open(db)?.query_row(sql, [], |row| Ok(Day { date: row.get(0)?, visitors: row.get(1)? }))
}

/// How long a visit takes on average, from its first page to its last, in seconds.
pub(crate) fn visit_length(db: &Path) -> rusqlite::Result<u32> {
    let sql = "SELECT CAST(avg(seconds) AS INTEGER)
               FROM (SELECT max(viewed_at) - min(viewed_at) AS seconds
                     FROM page_views GROUP BY visit_id)";
    shop::open(db)?.query_row(sql, [], |row| row.get(0))
}

fn sales(shop: &Connection, sql: &str) -> rusqlite::Result<Vec<Sales>> {
    shop.prepare(sql)?
        .query_map([], |row| Ok(Sales { name: row.get(0)?, cents: row.get(1)? }))?
        .collect()
}

fn rate(row: &Row<'_>) -> rusqlite::Result<Rate> {
    Ok(Rate { part: row.get(0)?, whole: row.get(1)? })
}
