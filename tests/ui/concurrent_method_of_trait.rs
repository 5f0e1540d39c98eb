//! A method of a trait, alone.

use concur::attr::concurrent;

trait Count {
    fn count(&self) -> usize;
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Shop;

impl Count for Shop {
    #[concurrent]
    fn count(&self) -> usize {
        1
    }
}

fn main() {}
