//! A `for` beside a named task.

use concur::concurrent;

fn main() {
    let _ = concurrent! { for n in 0..3 => n, users => 2 }.run();
}
