//! A callable for an argument.

use concur::attr::concurrent;

#[concurrent]
fn apply(work: impl Fn(u32) -> u32 + Send + 'static, number: u32) -> u32 {
    work(number)
}

fn main() {}
