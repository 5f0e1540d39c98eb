//! A name in quotes, as in other languages.

use concur::concurrent;

fn main() {
    let _ = concurrent! { "users" => 1 }.run();
}
