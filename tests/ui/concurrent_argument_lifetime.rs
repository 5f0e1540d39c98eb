//! An argument with a lifetime in its type.

use concur::attr::concurrent;

#[concurrent]
fn length<'a>(texts: &[Option<&'a str>]) -> usize {
    texts.len()
}

fn main() {}
