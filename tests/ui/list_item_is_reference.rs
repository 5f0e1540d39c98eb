//! A reference in a list of captures.

use concur::concurrent;

fn main() {
    let count = 3;
    let _ = concurrent! { users => [&count] count }.run();
}
