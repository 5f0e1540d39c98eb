//! A hook that is a method.

struct Index;

impl Index {
    #[concur::preload]
    fn load(&self) {}
}

fn main() {
    Index.load();
}
