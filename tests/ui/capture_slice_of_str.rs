//! A slice of references.

use concur::concurrent;

fn count(names: &[&str]) {
    let _ = concurrent! { users => names.len() }.run();
}

fn main() {
    count(&["ann"]);
}
