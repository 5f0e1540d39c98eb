//! An argument with a `'static` reference inside, which is no data either.

use concur::attr::concurrent;

#[concurrent]
fn length(texts: &[Option<&'static str>]) -> usize {
    texts.len()
}

fn main() {}
