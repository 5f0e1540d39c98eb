//! A duration in a unit that is not known.

use concur::attr::concurrent;

#[concurrent(backoff = "2d")]
fn ping() {}

fn main() {
    let _ = ping_task();
}
