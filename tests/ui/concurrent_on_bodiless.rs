//! The attribute on a method without a body.

use concur::attr::concurrent;

trait Shop {
    #[concurrent]
    fn open(&self);
}

fn main() {}
