//! A type of the user's own that borrows.

use concur::concurrent;

#[derive(serde::Serialize, serde::Deserialize)]
struct User<'a> {
    name: &'a str,
}

fn main() {
    let ann = User { name: "ann" };
    let _ = concurrent! { users => [ann] ann.name.len() }.run();
}
