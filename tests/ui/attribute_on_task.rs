//! An attribute on a task that is none of ours.

use concur::concurrent;

fn main() {
    let _ = concurrent! { #[inline] users => 1, orders => 2 }.run();
}
