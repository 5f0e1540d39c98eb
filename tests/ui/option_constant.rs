//! A constant for a value.

use concur::attr::concurrent;

#[concurrent(timeout = TIMEOUT)]
fn ping() {}

fn main() {
    let _ = ping_task();
}
