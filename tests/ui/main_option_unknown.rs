//! An option that `#[concur::main]` does not have.

#[concur::main(workers = 3)]
fn main() {}
