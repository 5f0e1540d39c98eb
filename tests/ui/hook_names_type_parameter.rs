//! A hook in an `impl` that uses the type parameter of that.

struct Index<T>(T);

impl<T: Default> Index<T> {
    #[concur::preload]
    fn load() {
        drop(T::default());
    }
}

fn main() {
    Index::<u8>::load();
}
