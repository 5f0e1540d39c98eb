//! A `for` over what has no items.

use concur::concurrent;

fn main() {
    let count = 3;
    let _ = concurrent! { for n in count => n }.run();
}
