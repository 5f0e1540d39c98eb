//! A task without an expression.

use concur::concurrent;

fn main() {
    let _ = concurrent! { users =>, orders => 2 }.run();
}
