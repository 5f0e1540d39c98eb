//! The shop: an `SQLite` file with a year of made-up business, about a million rows.
//!
//! It is made once and kept beside the build; the same seed makes the same shop on every machine.
//! Nothing here knows what is measured later, or by whom.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs, io, process};

use rusqlite::{Connection, OpenFlags, Statement, Transaction, params};

/// Raise the number in it when the shop changes, so that no file of an older build is taken for it.
const FILE_NAME: &str = "dashboard-shop-v1.sqlite";

const SEED: u64 = 2026;
const USERS: u32 = 60_000;
const PRODUCTS: u32 = 2_000;
const VISITS: u32 = 150_000;

/// 2026-01-01 00:00:00 UTC. The visits are spread evenly over the year that begins here.
const YEAR_START: u32 = 1_767_225_600;
const SECONDS_PER_YEAR: u32 = 365 * 24 * 60 * 60;

const COUNTRIES: [&str; 8] = ["DE", "FR", "US", "GB", "ES", "PL", "JP", "BR"];
const SIZES: [&str; 8] = ["tiny", "small", "narrow", "medium", "large", "wide", "tall", "huge"];
const COLOURS: [&str; 8] = ["red", "blue", "green", "black", "white", "yellow", "pink", "grey"];
const THINGS: [&str; 8] = ["lamp", "chair", "mug", "rug", "clock", "vase", "shelf", "mirror"];

/// No index but the primary keys: the metrics are meant to have something to do.
const TABLES: &str = "
    CREATE TABLE users (
        id          INTEGER PRIMARY KEY,
        country     TEXT    NOT NULL
    );
    CREATE TABLE products (
        id          INTEGER PRIMARY KEY,
        name        TEXT    NOT NULL,
        cents       INTEGER NOT NULL
    );
    CREATE TABLE page_views (
        id          INTEGER PRIMARY KEY,
        visit_id    INTEGER NOT NULL,
        user_id     INTEGER NOT NULL REFERENCES users (id),
        page        TEXT    NOT NULL,       -- home, product or cart
        viewed_at   INTEGER NOT NULL        -- seconds since 1970
    );
    CREATE TABLE orders (
        id          INTEGER PRIMARY KEY,
        visit_id    INTEGER NOT NULL,       -- the visit that ended in it
        user_id     INTEGER NOT NULL REFERENCES users (id),
        status      TEXT    NOT NULL        -- paid or returned
    );
    CREATE TABLE order_items (
        id          INTEGER PRIMARY KEY,
        order_id    INTEGER NOT NULL REFERENCES orders (id),
        product_id  INTEGER NOT NULL REFERENCES products (id),
        quantity    INTEGER NOT NULL,
        cents       INTEGER NOT NULL        -- for one, when it was ordered
    );
";

/// Where the shop's file belongs: in cargo's target directory, so that `cargo clean` removes it.
pub(crate) fn location() -> io::Result<PathBuf> {
    let program = env::current_exe()?;
    let mut folder = program.parent().unwrap_or(Path::new("."));
    if folder.ends_with("examples") {
        folder = folder.parent().unwrap_or(folder);
    }
    Ok(folder.join(FILE_NAME))
}

/// Makes the shop's file at `path`.
///
/// It grows under a name of its own and gets the real one when it is complete. So a run that is
/// interrupted leaves no half-made shop, and two first runs at once do not disturb each other. All
/// that may remain of a run that was killed is a stray file, which `cargo clean` removes as well.
pub(crate) fn create(path: &Path) -> Result<(), Box<dyn Error>> {
    let unfinished = path.with_extension(format!("{}.unfinished", process::id()));
    // A run that was killed may have had the process id that this one has now.
    let _ = fs::remove_file(&unfinished);
    let created = fill(&unfinished)
        .map_err(Box::from)
        .and_then(|()| fs::rename(&unfinished, path).map_err(Box::from));
    if created.is_err() {
        // The first error is the one to report; there may be nothing to remove.
        let _ = fs::remove_file(&unfinished);
    }
    created
}

/// Opens the shop to read from it.
///
/// Each metric opens a connection of its own, wherever it runs: a connection cannot be sent to
/// another process, and must not be carried through a fork. A path can.
pub(crate) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    // What DISTINCT and GROUP BY collect then stays out of temporary files.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

/// Fills a new file with the shop, in one transaction.
fn fill(path: &Path) -> rusqlite::Result<()> {
    let mut connection = Connection::open(path)?;
    // If this is interrupted the file is thrown away, so `SQLite` need not be careful, only fast.
    connection.execute_batch(
        "PRAGMA journal_mode = OFF;
         PRAGMA synchronous  = OFF;
         PRAGMA foreign_keys = OFF;",
    )?;
    connection.execute_batch(TABLES)?;

    let mut random = Random(SEED);
    let transaction = connection.transaction()?;
    add_users(&transaction, &mut random)?;
    let prices = add_products(&transaction, &mut random)?;
    add_visits(&transaction, &prices, &mut random)?;
    transaction.commit()
}

fn add_users(transaction: &Transaction<'_>, random: &mut Random) -> rusqlite::Result<()> {
    let mut user = transaction.prepare("INSERT INTO users (id, country) VALUES (?, ?)")?;
    for id in 1..=USERS {
        user.execute(params![id, random.pick(&COUNTRIES)])?;
    }
    Ok(())
}

/// Adds the products and returns what each costs, in cents.
fn add_products(transaction: &Transaction<'_>, random: &mut Random) -> rusqlite::Result<Vec<u32>> {
    let mut product =
        transaction.prepare("INSERT INTO products (id, name, cents) VALUES (?, ?, ?)")?;
    let mut prices = Vec::new();
    for id in 1..=PRODUCTS {
        let (size, colour) = (random.pick(&SIZES), random.pick(&COLOURS));
        let name = format!("{size} {colour} {} no. {id}", random.pick(&THINGS));
        let cents = 500 + 10 * random.below(1_500);
        product.execute(params![id, name, cents])?;
        prices.push(cents);
    }
    Ok(prices)
}

/// Adds the visits: what was looked at, and what was ordered.
fn add_visits(
    transaction: &Transaction<'_>,
    prices: &[u32],
    random: &mut Random,
) -> rusqlite::Result<()> {
    let mut page_view = transaction.prepare(
        "INSERT INTO page_views (visit_id, user_id, page, viewed_at) VALUES (?, ?, ?, ?)",
    )?;
    let mut order =
        transaction.prepare("INSERT INTO orders (visit_id, user_id, status) VALUES (?, ?, ?)")?;
    let mut item = transaction.prepare(
        "INSERT INTO order_items (order_id, product_id, quantity, cents) VALUES (?, ?, ?, ?)",
    )?;

    for visit in 1..=VISITS {
        let user = 1 + random.low_below(USERS);
        let put_in_cart = random.chance(60);
        add_page_views(&mut page_view, visit, user, put_in_cart, random)?;
        if put_in_cart && random.chance(60) {
            let status = if random.chance(95) { "paid" } else { "returned" };
            let id = order.insert(params![visit, user, status])?;
            add_items(&mut item, id, prices, random)?;
        }
    }
    Ok(())
}

/// One visit: the front page, some products, and the cart if something was put in it.
fn add_page_views(
    page_view: &mut Statement<'_>,
    visit: u32,
    user: u32,
    put_in_cart: bool,
    random: &mut Random,
) -> rusqlite::Result<()> {
    let mut now = YEAR_START + SECONDS_PER_YEAR / VISITS * visit;
    let mut view = |page: &str, seconds: u32| {
        page_view.execute(params![visit, user, page, now])?;
        now += seconds;
        Ok(())
    };
    view("home", 5 + random.below(30))?;
    for _ in 0..=random.below(5) {
        view("product", 5 + random.below(120))?;
    }
    if put_in_cart { view("cart", 0) } else { Ok(()) }
}

fn add_items(
    item: &mut Statement<'_>,
    order: i64,
    prices: &[u32],
    random: &mut Random,
) -> rusqlite::Result<()> {
    for _ in 0..=random.below(6) {
        let product = random.low_below(PRODUCTS);
        let (quantity, cents) = (1 + random.below(3), prices[product as usize]);
        item.execute(params![order, 1 + product, quantity, cents])?;
    }
    Ok(())
}

/// A small generator of random-looking numbers, the same in every run (`SplitMix64`).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed >> 32) as u32
    }

    /// A number from 0 up to, but not including, `end`.
    fn below(&mut self, end: u32) -> u32 {
        ((u64::from(self.next()) * u64::from(end)) >> 32) as u32
    }

    /// The same, but low numbers come more often: a shop has regular customers and best sellers.
    fn low_below(&mut self, end: u32) -> u32 {
        let end = 1 + self.below(end);
        self.below(end)
    }

    /// True in `percent` of a hundred cases.
    fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    fn pick(&mut self, words: &[&'static str; 8]) -> &'static str {
        words[self.below(8) as usize]
    }
}
