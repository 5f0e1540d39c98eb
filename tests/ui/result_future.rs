//! A future that nobody awaits.

use concur::concurrent;

fn main() {
    let _ = concurrent! { users => async { 1 } }.run();
}
