//! `#[concur::main]` on an `async fn` that no runtime runs.

#[concur::main]
async fn main() {
    println!("hello");
}
