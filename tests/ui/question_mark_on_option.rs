//! `?` on an `Option`.

use concur::concurrent;

fn main() {
    let _ = concurrent! { users => "ann".find('n')? }.run();
}
