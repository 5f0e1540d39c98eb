//! A type of the user's own that is not `Serialize`.

use concur::concurrent;

struct User {
    name: String,
}

impl User {
    fn len(&self) -> usize {
        self.name.len()
    }
}

fn main() {
    let ann = User { name: "ann".to_owned() };
    let _ = concurrent! { users => ann.len() }.run();
}
