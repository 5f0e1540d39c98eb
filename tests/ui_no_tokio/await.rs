//! `.await` in a task, where no runtime is there for it.

use concur::concurrent;

async fn count() -> u32 {
    3
}

fn main() {
    let _ = concurrent! { users => count().await + 1 }.run();
}
