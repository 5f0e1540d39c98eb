//! A flag that is neither true nor false.

use concur::attr::concurrent;

#[concurrent(isolated = "yes")]
fn ping() {}

fn main() {
    let _ = ping_task();
}
