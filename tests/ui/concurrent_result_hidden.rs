//! A result whose type has no name.

use concur::attr::concurrent;

#[concurrent]
fn numbers(up_to: u32) -> impl Iterator<Item = u32> {
    0..up_to
}

fn main() {}
