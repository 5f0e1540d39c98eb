//! A duration without a unit.

use concur::attr::concurrent;

#[concurrent(timeout = 30)]
fn ping() {}

fn main() {
    let _ = ping_task();
}
