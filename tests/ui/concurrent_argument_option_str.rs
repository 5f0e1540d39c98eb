//! An argument that borrows inside.

use concur::attr::concurrent;

#[concurrent]
fn length(text: Option<&str>) -> usize {
    text.map_or(0, str::len)
}

fn main() {}
