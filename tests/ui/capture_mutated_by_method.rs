//! A method that changes a capture.

use concur::concurrent;

fn main() {
    let mut seen = vec![1];
    seen.push(2);
    let _ = concurrent! { users => { seen.push(3); seen.len() } }.run();
}
