//! The results are taken from a block that did not run.

use concur::concurrent;

fn main() {
    let (users, orders) = concurrent! { users => 1, orders => 2 };
    println!("{users} {orders}");
}
