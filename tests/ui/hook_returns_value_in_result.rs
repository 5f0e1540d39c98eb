//! A hook that returns what it has made, if it could.

#[concur::preload]
fn load() -> Result<Vec<u64>, std::io::Error> {
    Ok(vec![1, 2, 3])
}

fn main() {}
