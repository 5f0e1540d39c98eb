//! A size that no task fits into.

use concur::attr::concurrent;

#[concurrent(memory_limit = "64KiB")]
fn ping() {}

fn main() {
    let _ = ping_task();
}
