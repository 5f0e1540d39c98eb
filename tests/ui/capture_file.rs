//! A file, which is a handle of this process.

use concur::concurrent;
use std::io::Read;

fn main() {
    let file = std::fs::File::open("/dev/null").unwrap();
    let _ = concurrent! { bytes => (&file).bytes().count() }.run();
}
