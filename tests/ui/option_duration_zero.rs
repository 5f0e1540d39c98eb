//! A duration of no time.

use concur::attr::concurrent;

#[concurrent(deadline = "0s")]
fn ping() {}

fn main() {
    let _ = ping_task();
}
