//! `return` in a task.

use concur::concurrent;

fn main() {
    let count = 3;
    let _ = concurrent! {
        users => {
            if count > 2 {
                return 0;
            }
            count
        },
    }
    .run();
}
