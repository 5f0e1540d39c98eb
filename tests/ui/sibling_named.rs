//! A task that wants the result of another one.

use concur::concurrent;

fn main() {
    let _ = concurrent! { users => 1, orders => users + 1 }.run();
}
