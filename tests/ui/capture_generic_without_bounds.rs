//! A type parameter that is not said to be `Serialize`.

use concur::concurrent;

fn show<T: std::fmt::Debug>(value: &T) {
    let _ = concurrent! { text => format!("{value:?}") }.run();
}

fn main() {
    show(&1);
}
