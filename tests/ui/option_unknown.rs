//! An option with a slip in it.

use concur::attr::concurrent;

#[concurrent(retry = 3)]
fn ping() {}

fn main() {
    let _ = ping_task();
}
