//! A hook with arguments, which nobody could give it.

#[concur::preload]
fn load(path: &str, size: usize) {
    println!("{path} {size}");
}

fn main() {}
