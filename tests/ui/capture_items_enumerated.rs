//! Items with their places, which are pairs with a reference.

use concur::concurrent;

fn main() {
    let names = vec![String::from("Ann")];
    let _ = concurrent! { for (at, name) in names.iter().enumerate() => at + name.len() }.run();
}
