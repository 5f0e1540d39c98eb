//! An `impl` none of whose methods is a task.

use concur::attr::concurrent;

struct Shop;

#[concurrent]
impl Shop {
    fn open(&self) {}
}

fn main() {}
