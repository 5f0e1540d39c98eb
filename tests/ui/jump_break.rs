//! `break` in a task.

use concur::concurrent;

fn main() {
    loop {
        let _ = concurrent! { users => break }.run();
    }
}
