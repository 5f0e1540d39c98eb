//! A `for` as it is in Rust.

use concur::concurrent;

fn main() {
    let _ = concurrent! { for n in 0..3 { n } }.run();
}
