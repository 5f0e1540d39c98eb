//! The shelf: its database, the index of its words, and the search that uses both.

use std::collections::{BTreeSet, HashMap};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::sync::OnceLock;

use concur::WorkerLocal;
use rusqlite::{Connection, OpenFlags};
use serde::{Deserialize, Serialize};

const DATABASE: &str = "shelf.db";
const LOG: &str = "shelf.log";

/// Which lines a word stands in.
type Index = HashMap<String, BTreeSet<i64>>;

static INDEX: OnceLock<Index> = OnceLock::new();

/// One connection for each worker, opened when it is first asked for.
static READER: WorkerLocal<rusqlite::Result<Connection>> = WorkerLocal::new(|| {
    log("connection");
    Connection::open_with_flags(DATABASE, OpenFlags::SQLITE_OPEN_READ_ONLY)
});

/// The index, loaded now if it is not there: the hook loads it for all workers, and on drivers that
/// do not preload the first search does. (Of two threads that come first together both load it.)
fn index() -> rusqlite::Result<&'static Index> {
    if let Some(index) = INDEX.get() {
        return Ok(index);
    }
    let loaded = load_index()?;
    Ok(INDEX.get_or_init(|| loaded))
}

#[concur::preload]
fn preload() -> rusqlite::Result<()> {
    index().map(drop)
}

#[concur::on_worker_start]
fn open() -> rusqlite::Result<()> {
    READER
        .try_with(|db| db.execute_batch("PRAGMA cache_size = -1024; PRAGMA temp_store = MEMORY;"))?
}

fn load_index() -> rusqlite::Result<Index> {
    log("index");
    // Not the one for workers: this is closed before there are any.
    let db = Connection::open_with_flags(DATABASE, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut index = Index::new();
    let mut lines = db.prepare("SELECT id, text FROM lines")?;
    for line in lines.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))? {
        let (id, text) = line?;
        for word in words(&text) {
            index.entry(word).or_default().insert(id);
        }
    }
    Ok(index)
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|letter: char| !letter.is_alphabetic())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

/// What a search has found, and where it ran.
#[derive(Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) hits: Vec<Hit>,
    pub(crate) place: String,
}

/// A line in which all words stand.
#[derive(Serialize, Deserialize)]
pub(crate) struct Hit {
    pub(crate) title: String,
    pub(crate) year: u16,
    pub(crate) line: String,
}

/// The lines with all words of the query, found in the index and read from the database.
pub(crate) fn search(query: &str) -> rusqlite::Result<Answer> {
    let index = index()?;
    let found = words(query).map(|word| index.get(&word).cloned().unwrap_or_default());
    let lines = found.reduce(|some, more| &some & &more).unwrap_or_default();
    let hits = READER.try_with(|db| {
        let sql =
            "SELECT title, year, text FROM lines JOIN books ON books.id = book WHERE lines.id = ?";
        let mut statement = db.prepare(sql)?;
        let hit = |id| {
            statement.query_row([id], |row| {
                Ok(Hit { title: row.get(0)?, year: row.get(1)?, line: row.get(2)? })
            })
        };
        lines.into_iter().map(hit).collect::<rusqlite::Result<Vec<Hit>>>()
    })??;
    let place = format!("{} {:?}", std::process::id(), std::thread::current().id());
    Ok(Answer { hits, place })
}

/// Notes what costs something, so that it can be counted.
fn log(what: &str) {
    let log = OpenOptions::new().append(true).create(true).open(LOG);
    // In one piece, since others write there too. The search does without.
    let _ = log.and_then(|mut log| log.write_all(format!("{what}\n").as_bytes()));
}

/// How often something was noted.
pub(crate) fn logged(what: &str) -> io::Result<usize> {
    Ok(std::fs::read_to_string(LOG)?.lines().filter(|line| *line == what).count())
}

/// Makes the database; gives the number of books.
pub(crate) fn build() -> rusqlite::Result<usize> {
    let db = Connection::open(DATABASE)?;
    db.execute_batch(
        "CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT NOT NULL, year INTEGER NOT NULL);
         CREATE TABLE lines (id INTEGER PRIMARY KEY, book INTEGER NOT NULL, text TEXT NOT NULL);",
    )?;
    for (title, year, lines) in BOOKS {
        db.execute("INSERT INTO books (title, year) VALUES (?, ?)", (title, year))?;
        let book = db.last_insert_rowid();
        for line in lines {
            db.execute("INSERT INTO lines (book, text) VALUES (?, ?)", (book, line))?;
        }
    }
    Ok(BOOKS.len())
}

const BOOKS: [(&str, u16, [&str; 3]); 4] = [
    (
        "The Long Tide",
        1911,
        [
            "A whale came up beside the boat and looked at us.",
            "Behind the harbour the light went round and round.",
            "Nobody on the quay had ever seen the sea so flat.",
        ],
    ),
    (
        "Salt and Bread",
        1934,
        [
            "The market sold bread until the clock struck nine.",
            "She wrote the letter twice and sent neither.",
            "There was salt in the bread, as if the sea had baked it.",
        ],
    ),
    (
        "A Winter of Clocks",
        1958,
        [
            "Snow had stopped the clock, and the town with it.",
            "He carried the letter through the snow to the last house.",
            "In the harbour no light was lit that winter.",
        ],
    ),
    (
        "Low Water",
        1976,
        [
            "The market women said that the whale had been there before.",
            "At low water one could walk to the light.",
            "Every clock in the house told another time.",
        ],
    ),
];
