//! An argument whose type lacks the derives.

use concur::attr::concurrent;

struct User {
    name: String,
}

#[concurrent]
fn greet(user: &User) -> String {
    format!("hello {}", user.name)
}

fn main() {}
