//! A result that borrows from a capture.

use concur::concurrent;

fn main() {
    let name = String::from(" ann");
    let name = name.as_str();
    let _ = concurrent! { users => name.trim() }.run();
}
