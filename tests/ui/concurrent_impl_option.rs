//! An option on an `impl`.

use concur::attr::concurrent;

#[derive(serde::Serialize, serde::Deserialize)]
struct Shop;

#[concurrent(timeout = "3s")]
impl Shop {
    #[concurrent]
    fn open(&self) {}
}

fn main() {}
