//! Several mistakes: all of them are told at once.

use concur::attr::concurrent;

#[concurrent(timeout = "3 parsecs", retry = 2)]
fn first(list: &mut Vec<u32>) -> &u32 {
    &list[0]
}

fn main() {
    let _ = first(&mut vec![1]);
}
