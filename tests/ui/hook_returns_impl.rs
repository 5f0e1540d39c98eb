//! A hook whose return type has no name.

#[concur::on_worker_start]
fn connect() -> impl Sized {}

fn main() {}
