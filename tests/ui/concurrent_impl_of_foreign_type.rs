//! A trait of ours for a type that is not.

use concur::attr::concurrent;

trait Count {
    fn count(&self) -> usize;
}

#[concurrent]
impl Count for Vec<u8> {
    #[concurrent]
    fn count(&self) -> usize {
        1
    }
}

fn main() {}
