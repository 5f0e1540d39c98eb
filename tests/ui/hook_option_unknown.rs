//! An option that hooks do not have.

#[concur::on_worker_start(once, crate = concur)]
fn connect() {}

fn main() {}
