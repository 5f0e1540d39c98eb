//! A closure that captures.

use concur::concurrent;

fn main() {
    let base = 1;
    let add = move |n: u32| n + base;
    let _ = concurrent! { users => [1, 2].map(add) }.run();
}
