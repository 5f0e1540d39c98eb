//! The attribute two times.

use concur::attr::concurrent;

#[concurrent]
#[concurrent(timeout = "3s")]
fn open() {}

fn main() {}
