//! An option that is written like a call.

use concur::attr::concurrent;

#[concurrent(timeout("3s"))]
fn ping() {}

fn main() {
    let _ = ping_task();
}
