//! No name, on purpose.

use concur::concurrent;

fn main() {
    let _ = concurrent! { _ => 1 }.run();
}
