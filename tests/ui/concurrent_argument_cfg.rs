//! An argument that is not always there.

use concur::attr::concurrent;

#[concurrent]
fn length(text: &str, #[cfg(windows)] wide: bool) -> usize {
    text.len()
}

fn main() {}
