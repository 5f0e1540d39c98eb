//! A task that never gives a value, where rustc cannot tell the block what its type is.

use concur::concurrent;

fn stop() -> ! {
    std::process::exit(3)
}

fn main() {
    let users = 1;
    let _ = concurrent! { ends => if users == 1 { stop() } else { stop() } }.run();
}
