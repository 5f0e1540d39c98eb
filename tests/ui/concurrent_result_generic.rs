//! A result of which nothing is known.

use concur::attr::concurrent;

#[concurrent]
fn make<T: Default>(_seed: u32) -> T {
    T::default()
}

fn main() {}
