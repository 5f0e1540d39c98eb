//! An error that is none, behind an alias.

use concur::attr::concurrent;

struct Wrong;

type CheckResult = Result<u32, Wrong>;

#[concurrent]
fn check(number: u32) -> CheckResult {
    if number > 3 { Ok(number) } else { Err(Wrong) }
}

fn main() {}
