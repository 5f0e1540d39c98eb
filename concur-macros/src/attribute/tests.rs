//! What `#[concurrent]` makes of a function, and what it refuses.
