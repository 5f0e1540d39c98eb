//! Fakes: what a test says of tasks, and what it learns of them.

#[path = "fakes/answers.rs"]
mod answers;
#[path = "fakes/asserts.rs"]
mod asserts;
#[path = "fakes/mistakes.rs"]
mod mistakes;
#[path = "fakes/readme.rs"]
mod readme;
#[path = "fakes/scopes.rs"]
mod scopes;
#[path = "fakes/tasks.rs"]
mod tasks;
#[path = "fakes/verbs.rs"]
mod verbs;

use std::panic::{AssertUnwindSafe, catch_unwind};

use concur::Driver;

/// Every driver. `Fork` refuses to run anything in a test, which is a thread beside `main`: what succeeds
/// there was not launched.
const DRIVERS: [Driver; 4] = [Driver::Process, Driver::Fork, Driver::Thread, Driver::Sync];

#[test]
fn the_example_of_the_readme_is_tested() {
    let (_, example) = include_str!("fakes/readme.rs").split_once("\n\n").expect("a head");
    assert!(include_str!("../README.md").contains(&format!("```rust,ignore\n{example}```")));
}

/// A task that must not run: it is in this process, or it is an error.
fn never<T>() -> T {
    panic!("a faked task ran")
}

/// What a closure panics with.
fn panic_of(work: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(work)).expect_err("it panics");
    match payload.downcast::<String>() {
        Ok(message) => *message,
        Err(payload) => (*payload.downcast::<&str>().expect("a message")).to_owned(),
    }
}
