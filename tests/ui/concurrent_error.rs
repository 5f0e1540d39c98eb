//! An error that is none.

use concur::attr::concurrent;

struct Wrong;

#[concurrent]
fn check(number: u32) -> Result<u32, Wrong> {
    if number > 3 { Ok(number) } else { Err(Wrong) }
}

fn main() {}
