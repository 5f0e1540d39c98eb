//! `:` for `=>`.

use concur::concurrent;

fn main() {
    let _ = concurrent! { users: 1 }.run();
}
