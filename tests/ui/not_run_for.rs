//! A `for` that nothing runs.
#![deny(unused_must_use)]

use concur::concurrent;

fn main() {
    concurrent! { for n in 0..3 => n }.limit(2);
}
