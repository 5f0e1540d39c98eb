//! A result of a type parameter that is not said to be `Serialize`.

use concur::concurrent;

fn make<T: Default>() {
    let _ = concurrent! { value => T::default() }.run();
}

fn main() {
    make::<u8>();
}
