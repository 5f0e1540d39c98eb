//! An attribute on a task.

use concur::concurrent;

fn main() {
    let _ = concurrent! { #[cfg(unix)] users => 1, orders => 2 }.run();
}
