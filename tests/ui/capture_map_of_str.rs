//! A map whose keys are references.

use concur::concurrent;
use std::collections::HashMap;

fn main() {
    let ages = HashMap::from([("ann", 30)]);
    let _ = concurrent! { users => ages.len() }.run();
}
