//! An argument that cannot be sent.

use std::rc::Rc;

use concur::attr::concurrent;

#[concurrent]
fn total(year: u16, prices: Rc<Vec<u32>>) -> u32 {
    prices.iter().sum::<u32>() + u32::from(year)
}

fn main() {}
