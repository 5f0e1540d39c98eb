//! A result that is a handle.

use concur::concurrent;

fn main() {
    let _ = concurrent! { users => std::fs::File::open("/dev/null")? }.run();
}
