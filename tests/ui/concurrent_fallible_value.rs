//! `fallible` where there is no `Result`.

use concur::attr::concurrent;

#[concurrent(fallible)]
fn next(number: u32) -> u32 {
    number + 1
}

fn main() {}
