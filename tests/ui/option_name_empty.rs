//! A name without a letter.

use concur::attr::concurrent;

#[concurrent(name = "")]
fn ping() {}

fn main() {
    let _ = ping_task();
}
