//! A keyword as a name.

use concur::concurrent;

fn main() {
    let _ = concurrent! { match => 1 }.run();
}
