//! A path as a name.

use concur::concurrent;

fn main() {
    let _ = concurrent! { shop::users => 1 }.run();
}
