//! An arrow with nothing before it.

use concur::concurrent;

fn main() {
    let _ = concurrent! { users => 1, => 2 }.run();
}
