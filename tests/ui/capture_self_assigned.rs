//! A method that changes `self` in a task.

use concur::concurrent;

struct Shop {
    users: u32,
}

impl Shop {
    fn add(&mut self) {
        let _ = concurrent! { users => { self.users += 1; self.users } }.run();
    }
}

fn main() {
    Shop { users: 1 }.add();
}
