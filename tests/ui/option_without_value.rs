//! An option that needs a value.

use concur::attr::concurrent;

#[concurrent(timeout)]
fn ping() {}

fn main() {
    let _ = ping_task();
}
