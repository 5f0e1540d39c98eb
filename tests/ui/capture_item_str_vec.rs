//! A `for` whose items borrow.

use concur::concurrent;

fn main() {
    let teams = vec![vec!["ann", "bob"]];
    let _ = concurrent! { for team in teams => team.len() }.run();
}
