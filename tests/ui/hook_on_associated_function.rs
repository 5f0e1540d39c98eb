//! A hook that is a function of an `impl`, which the macro cannot see.

struct Index;

impl Index {
    #[concur::preload]
    fn load() {}
}

fn main() {
    Index::load();
}
