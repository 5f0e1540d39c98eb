//! A constant that carries the attribute.

use concur::attr::concurrent;

#[derive(serde::Serialize, serde::Deserialize)]
struct Shop;

#[concurrent]
impl Shop {
    #[concurrent]
    const MOST: u32 = 3;

    #[concurrent]
    fn open(&self) {}
}

fn main() {}
