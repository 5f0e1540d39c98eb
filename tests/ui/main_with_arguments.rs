//! `#[concur::main]` on a `main` with arguments.

#[concur::main]
fn main(args: Vec<String>) {
    println!("{args:?}");
}
