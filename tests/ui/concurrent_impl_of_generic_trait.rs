//! A generic `impl` of a trait.

use concur::attr::concurrent;

trait Count {
    fn count(&self) -> usize;
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Shop<T>(T);

#[concurrent]
impl<T> Count for Shop<T> {
    #[concurrent]
    fn count(&self) -> usize {
        1
    }
}

fn main() {}
