//! A capture by `&mut`.

use concur::concurrent;

fn main() {
    let mut seen = vec![1];
    seen.push(2);
    let _ = concurrent! { users => std::mem::take(&mut seen) }.run();
}
