//! A macro whose tokens cannot be read names a local variable.

use concur::concurrent;

macro_rules! twice {
    ($value:expr) => {
        $value + $value
    };
}

fn main() {
    let count = 3;
    let _ = concurrent! { users => twice!(count) }.run();
}
