//! A `for` without `in`.

use concur::concurrent;

fn main() {
    let _ = concurrent! { for n 0..3 => n }.run();
}
