//! A hook whose error cannot leave its thread.

#[concur::on_worker_start]
fn connect() -> Result<(), Box<dyn std::error::Error>> {
    Ok(())
}

fn main() {}
