//! `return` in the arguments of a macro.

use concur::concurrent;

fn main() {
    let _ = concurrent! { users => println!("{}", if true { return } else { 1 }) }.run();
}
