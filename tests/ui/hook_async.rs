//! An async hook.

#[concur::on_worker_start]
async fn connect() {}

fn main() {}
