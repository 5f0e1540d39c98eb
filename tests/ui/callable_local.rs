//! A local variable that is called.

use concur::concurrent;

fn main() {
    let base = 1;
    let add = move |n: u32| n + base;
    let _ = concurrent! { users => add(1) }.run();
}
