//! A reference to an array that is too long for serde, and a collection of such.

use concur::concurrent;

fn main() {
    let key = &[0_u8; 64];
    let _ = concurrent! { count => key.len() }.run();
    let keys = vec![*key];
    let _ = concurrent! { count => keys.len() }.run();
}
