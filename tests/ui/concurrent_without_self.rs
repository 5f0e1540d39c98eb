//! A function of an `impl` that has no attribute, which does not name the type.

use concur::attr::concurrent;

struct Shop;

impl Shop {
    #[concurrent]
    fn most() -> u32 {
        7
    }
}

fn main() {}
