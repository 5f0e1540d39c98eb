//! A count in quotes.

use concur::attr::concurrent;

#[concurrent(retries = "3")]
fn ping() {}

fn main() {
    let _ = ping_task();
}
