//! A function pointer for an argument.

use concur::attr::concurrent;

#[concurrent]
fn apply(work: fn(u32) -> u32, number: u32) -> u32 {
    work(number)
}

fn main() {}
