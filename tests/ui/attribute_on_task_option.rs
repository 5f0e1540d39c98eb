//! An option of a task with a slip in it.

use concur::concurrent;

fn main() {
    let _ = concurrent! { #[task(time = "3s")] users => 1, orders => 2 }.run();
}
