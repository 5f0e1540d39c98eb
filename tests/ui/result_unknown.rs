//! A result whose type nothing tells.

use concur::concurrent;

fn main() {
    let _ = concurrent! { users => "3".parse()? }.run();
}
