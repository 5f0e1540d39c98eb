//! A result that holds a reference.

use concur::concurrent;

fn main() {
    let users = vec![1, 2];
    let _ = concurrent! { most => users.iter().max() }.run();
}
