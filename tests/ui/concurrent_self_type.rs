//! A function of an `impl` that has no attribute.

use concur::attr::concurrent;

struct Shop;

impl Shop {
    #[concurrent]
    fn open(name: &str) -> Option<Self> {
        name.is_empty().then_some(Self)
    }
}

fn main() {}
