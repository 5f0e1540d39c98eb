//! A task that is made and not run.

#![deny(unused_must_use)]

use concur::attr::concurrent;

#[concurrent]
fn ping() {}

fn main() {
    ping_task();
}
