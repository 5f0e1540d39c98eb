//! A block that nothing runs.
#![deny(unused_must_use)]

use concur::concurrent;

fn main() {
    concurrent! { users => 1 };
}
