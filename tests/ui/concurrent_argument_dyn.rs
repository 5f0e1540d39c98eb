//! A trait object for an argument.

use std::fmt::Display;

use concur::attr::concurrent;

#[concurrent]
fn show(what: &dyn Display) -> String {
    what.to_string()
}

fn main() {}
