//! A task without a name.

use concur::concurrent;

fn main() {
    let _ = concurrent! { users => 1 + 1, u64::from(2u8) }.run();
}
