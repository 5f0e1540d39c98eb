//! `#[concur::main]` above the attribute of the runtime instead of below it.

#[concur::main]
#[tokio::main]
async fn main() {
    println!("hello");
}
