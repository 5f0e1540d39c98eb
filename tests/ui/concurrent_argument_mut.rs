//! An argument that the function changes.

use concur::attr::concurrent;

#[concurrent]
fn sort(list: &mut Vec<u32>) {
    list.sort_unstable();
}

fn main() {}
