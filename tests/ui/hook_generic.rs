//! A generic hook.

#[concur::preload]
fn load<T: Default>() {
    let _ = T::default();
}

fn main() {}
