//! `#[concur::main]` on a struct.

#[concur::main]
struct Shop;

fn main() {
    let _ = Shop;
}
