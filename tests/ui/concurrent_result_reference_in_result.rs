//! A result that borrows, of a function that can fail.

use concur::attr::concurrent;

#[concurrent]
fn first(text: &str) -> Result<&'static str, String> {
    Err(text.to_owned())
}

fn main() {}
