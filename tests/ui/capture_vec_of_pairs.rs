//! Pairs with a reference in them.

use concur::concurrent;

fn main() {
    let ages = vec![("ann", 30)];
    let _ = concurrent! { users => ages.len() }.run();
}
