//! A result that is an array too long for serde.

use concur::concurrent;

fn main() {
    let _ = concurrent! { key => [0_u8; 64] }.run();
}
