//! A result that is shared.

use concur::concurrent;
use std::sync::Arc;

fn main() {
    let _ = concurrent! { name => Some(Arc::new(1)) }.run();
}
