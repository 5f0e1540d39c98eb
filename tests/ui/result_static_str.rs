//! A result that borrows from the program.

use concur::concurrent;

fn main() {
    let _ = concurrent! { users => "ann" }.run();
}
