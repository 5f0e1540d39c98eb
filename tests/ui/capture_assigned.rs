//! An assignment to a capture.

use concur::concurrent;

fn main() {
    let mut total = 1;
    total += 1;
    let _ = concurrent! { users => { total += 2; total } }.run();
}
