//! A `Vec` of references.

use concur::concurrent;

fn main() {
    let names = vec!["ann", "bob"];
    let _ = concurrent! { users => names.len() }.run();
}
