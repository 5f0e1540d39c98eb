//! An option that is none.

use concur::attr::concurrent;

#[concurrent(workers = 3)]
fn ping() {}

fn main() {
    let _ = ping_task();
}
