//! The attribute on what is no function.

use concur::attr::concurrent;

#[concurrent]
struct Shop;

fn main() {}
