//! `continue` in a task.

use concur::concurrent;

fn main() {
    for n in 0..3 {
        let _ = concurrent! { users => if n > 1 { continue } else { n } }.run();
    }
}
