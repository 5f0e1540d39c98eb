//! A type parameter of which nothing is known.

use concur::attr::concurrent;

#[concurrent]
fn size<T>(value: T) -> usize {
    std::mem::size_of_val(&value)
}

fn main() {}
