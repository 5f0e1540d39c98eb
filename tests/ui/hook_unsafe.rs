//! An unsafe hook.

#[concur::on_worker_start]
unsafe fn connect() {}

fn main() {}
