//! A variable that does not exist.

use concur::concurrent;

fn main() {
    let _ = concurrent! { users => count + 1 }.run();
}
