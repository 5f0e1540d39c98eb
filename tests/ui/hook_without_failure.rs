//! A hook for deferred failures that is not told of one.

#[concur::on_deferred_failure]
fn alarm() {}

fn main() {}
