//! A function pointer: an address, and those differ between processes.

use concur::concurrent;

fn main() {
    let count: fn(&str) -> usize = str::len;
    let _ = concurrent! { users => ["ann", "bob"].map(count) }.run();
}
