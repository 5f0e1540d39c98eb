//! A result that cannot be sent back, of a function that can fail.

use concur::attr::concurrent;

#[concurrent]
fn open(path: &str) -> Result<std::fs::File, std::io::Error> {
    std::fs::File::open(path)
}

fn main() {}
