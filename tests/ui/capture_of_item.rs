//! A `for` whose items cannot be sent.

use concur::concurrent;
use std::fs::File;

fn main() {
    let files = vec![File::open("/dev/null").unwrap()];
    let _ = concurrent! { for file in files => file.metadata()?.len() }.run();
}
