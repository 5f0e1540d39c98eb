//! A function that has the name already.

use concur::attr::concurrent;

#[concurrent]
fn open() {}

fn open_task() {}

fn main() {}
