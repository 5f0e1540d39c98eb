//! A result that borrows an argument.

use concur::attr::concurrent;

#[concurrent]
fn first(text: &str) -> &str {
    &text[..1]
}

fn main() {}
