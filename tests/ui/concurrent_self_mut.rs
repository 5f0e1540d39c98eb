//! A method that changes its value.

use concur::attr::concurrent;

#[derive(serde::Serialize, serde::Deserialize)]
struct Counter(u32);

impl Counter {
    #[concurrent]
    fn up(&mut self) {
        self.0 += 1;
    }
}

fn main() {}
