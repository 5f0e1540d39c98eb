//! `;` between tasks.

use concur::concurrent;

fn main() {
    let _ = concurrent! { users => 1; orders => 2 }.run();
}
