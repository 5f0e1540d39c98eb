//! A slice that could be changed.

use concur::concurrent;

fn main() {
    let mut users = [1, 2];
    let slice = &mut users[..];
    let _ = concurrent! { count => slice.len() }.run();
}
