//! A method of a type that lacks the derives.

use concur::attr::concurrent;

struct Shop {
    name: String,
}

impl Shop {
    #[concurrent]
    fn letters(&self) -> usize {
        self.name.len()
    }
}

fn main() {}
