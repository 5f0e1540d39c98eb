//! An option of functions on a task.

use concur::concurrent;

fn main() {
    let _ = concurrent! { #[task(fallible)] users => 1, orders => 2 }.run();
}
