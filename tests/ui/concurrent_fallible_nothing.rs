//! `fallible` where nothing is returned.

use concur::attr::concurrent;

#[concurrent(fallible)]
fn ping() {}

fn main() {}
