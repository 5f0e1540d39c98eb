//! A trait object.

use concur::concurrent;

fn main() {
    let name: &dyn std::fmt::Display = &3;
    let _ = concurrent! { users => name.to_string() }.run();
}
