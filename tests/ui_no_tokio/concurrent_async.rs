//! An async function without a runtime for it.

use concur::attr::concurrent;

#[concurrent]
async fn ping() {}

fn main() {}
