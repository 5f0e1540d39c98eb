//! A hook that cannot return.

#[concur::on_worker_start]
fn serve() -> ! {
    loop {}
}

fn main() {}
