//! A closure that captures.

use concur::concurrent;

fn main() {
    let base = String::from("ann");
    let join = move |name: &str| format!("{base}{name}");
    let _ = concurrent! { users => ["bob", "eve"].map(join).to_vec() }.run();
}
