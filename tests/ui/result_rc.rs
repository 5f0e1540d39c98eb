//! A result that cannot be sent.

use concur::concurrent;

fn main() {
    let _ = concurrent! { users => std::rc::Rc::new(1) }.run();
}
