//! `?` with an error type that is no error.

use concur::concurrent;

struct Missing;

fn count() -> Result<u32, Missing> {
    Err(Missing)
}

fn main() {
    let _ = concurrent! { users => count()? }.run();
}
