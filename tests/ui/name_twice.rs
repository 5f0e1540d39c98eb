//! Two tasks of one name.

use concur::concurrent;

fn main() {
    let _ = concurrent! { users => 1, orders => 2, users => 3 }.run();
}
