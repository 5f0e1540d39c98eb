//! A bar without the feature that draws it.

use concur::concurrent;

fn main() {
    let _ = concurrent! { count => 1 }.progress().run();
}
