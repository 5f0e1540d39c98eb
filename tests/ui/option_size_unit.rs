//! A size without a unit.

use concur::attr::concurrent;

#[concurrent(memory_limit = "512")]
fn ping() {}

fn main() {
    let _ = ping_task();
}
