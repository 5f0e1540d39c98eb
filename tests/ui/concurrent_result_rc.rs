//! A result that cannot be sent back.

use concur::attr::concurrent;

#[concurrent]
fn shared(number: u32) -> std::rc::Rc<u32> {
    std::rc::Rc::new(number)
}

fn main() {}
