//! `self`, of a type that is not `Serialize`.

use concur::concurrent;

struct Shop {
    users: Vec<String>,
}

impl Shop {
    fn count(&self) -> usize {
        self.users.len()
    }

    fn report(&self) {
        let _ = concurrent! { users => self.count() }.run();
    }
}

fn main() {
    Shop { users: Vec::new() }.report();
}
