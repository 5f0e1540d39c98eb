//! An array of references.

use concur::concurrent;

fn main() {
    let names = ["ann", "bob"];
    let _ = concurrent! { users => names.len() }.run();
}
