//! Items of a map, which are pairs of references.

use std::collections::BTreeMap;

use concur::concurrent;

fn main() {
    let ages = BTreeMap::from([(String::from("Ann"), 40_u32)]);
    let _ = concurrent! { for (name, age) in &ages => format!("{name} {age}") }.run();
}
