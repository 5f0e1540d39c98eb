//! `#[concur::preload]` on a struct.

#[concur::preload]
struct Index;

fn main() {
    let _ = Index;
}
