//! The guard of a lock.

use concur::concurrent;
use std::sync::Mutex;

fn main() {
    let users = Mutex::new(vec![1]);
    let guard = users.lock().unwrap();
    let _ = concurrent! { count => guard.len() }.run();
}
