//! An option that is given two times.

use concur::attr::concurrent;

#[concurrent(timeout = "3s", retries = 1, timeout = "4s")]
fn ping() {}

fn main() {
    let _ = ping_task();
}
