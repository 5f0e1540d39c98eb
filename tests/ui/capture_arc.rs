//! An `Arc`, by itself, by reference, of something unsized, and in a collection.

use concur::concurrent;
use std::sync::Arc;

fn main() {
    let users = Arc::new(vec![1]);
    let by_reference = &users;
    let name: Arc<str> = Arc::from("ann");
    let names = vec![Arc::new(1)];
    let _ = concurrent! {
        users => users.len(),
        again => by_reference.len(),
        name => name.len(),
        names => names.len(),
    }
    .run();
    let _ = concurrent! { for one in names => *one }.run();
}
