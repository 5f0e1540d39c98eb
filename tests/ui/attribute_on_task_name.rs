//! Two tasks of one name, one of them given by an option.

use concur::concurrent;

fn main() {
    let _ = concurrent! { #[task(name = "orders")] users => 1, orders => 2 }.run();
}
