//! A raw pointer.

use concur::concurrent;

fn main() {
    let users = 1;
    let pointer = &raw const users;
    let _ = concurrent! { count => pointer.is_null() }.run();
}
