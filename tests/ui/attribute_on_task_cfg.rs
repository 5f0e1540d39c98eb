//! A task that is not always there.

use concur::concurrent;

fn main() {
    let _ = concurrent! { #[cfg(unix)] users => 1, orders => 2 }.run();
}
