//! Two `for` in one block.

use concur::concurrent;

fn main() {
    let _ = concurrent! { for n in 0..3 => n, for m in 0..3 => m }.run();
}
