//! A pair with a reference in it.

use concur::concurrent;

fn main() {
    let ann = (30, "ann");
    let _ = concurrent! { users => [ann] ann.1.len() }.run();
}
