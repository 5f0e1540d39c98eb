//! An array that is too long for serde.

use concur::concurrent;

fn main() {
    let key = [0_u8; 64];
    let _ = concurrent! { count => key.len() }.run();
}
