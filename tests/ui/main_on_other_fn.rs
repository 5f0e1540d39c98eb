//! `#[concur::main]` on a function that is not `main`.

#[concur::main]
fn run() {}

fn main() {
    run();
}
