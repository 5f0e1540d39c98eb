//! An argument that may borrow.

use std::borrow::Cow;

use concur::attr::concurrent;

#[concurrent]
fn length(text: Cow<'_, str>) -> usize {
    text.len()
}

fn main() {}
