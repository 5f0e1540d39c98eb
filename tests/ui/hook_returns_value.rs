//! A hook that returns what it has made.

#[concur::preload]
fn load() -> Vec<u64> {
    vec![1, 2, 3]
}

fn main() {}
