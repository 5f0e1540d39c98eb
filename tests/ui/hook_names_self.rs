//! A hook in an `impl` that names the type by `Self`, which the runtime does not know.

struct Index;

impl Index {
    #[concur::preload]
    fn load() {
        Self::read();
    }

    fn read() {}
}

fn main() {
    Index::load();
}
