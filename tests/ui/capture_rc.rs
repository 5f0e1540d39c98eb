//! An `Rc`, whose count is of this process.

use concur::concurrent;

fn main() {
    let users = std::rc::Rc::new(1);
    let _ = concurrent! { count => *users + 1 }.run();
}
