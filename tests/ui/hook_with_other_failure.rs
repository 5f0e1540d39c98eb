//! A hook for deferred failures with another argument.

#[concur::on_deferred_failure]
fn alarm(_message: &str) {}

fn main() {}
