//! A count below zero.

use concur::attr::concurrent;

#[concurrent(retries = -1)]
fn ping() {}

fn main() {
    let _ = ping_task();
}
