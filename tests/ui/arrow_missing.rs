//! A name and nothing else.

use concur::concurrent;

fn main() {
    let _ = concurrent! { users => 1, orders }.run();
}
