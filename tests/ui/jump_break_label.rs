//! `break` to a label outside the task.

use concur::concurrent;

fn main() {
    'search: loop {
        let _ = concurrent! { users => loop { break 'search } }.run();
        break 'search;
    }
}
