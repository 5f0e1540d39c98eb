//! An `Option` of a reference.

use concur::concurrent;

fn main() {
    let name = Some("ann");
    let _ = concurrent! { users => name.map_or(0, str::len) }.run();
}
