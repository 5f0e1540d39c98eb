//! A function with a contract.

use concur::attr::concurrent;

#[concurrent]
unsafe fn poke(address: usize) -> u8 {
    let _ = address;
    0
}

fn main() {}
