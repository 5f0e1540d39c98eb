//! Blocks inside tasks.

use std::thread;
use std::time::Duration;

use concur::{Driver, Error, ErrorKind, concurrent};

use super::{Marks, await_mark, is_concurrent, mark};

/// The driver, by the name under which it travels to a task.
fn named(name: &str) -> Driver {
    name.parse().expect("it is a driver")
}

pub(crate) fn blocks_inside_tasks_three_deep(driver: &Driver) {
    let name = driver.name().to_owned();
    let (text,) = concurrent! {
        outer => {
            let (a, b) = concurrent! {
                middle => {
                    let (x, y) = concurrent! { x => 20, y => 3 }.driver(named(&name)).run()?;
                    x + y
                },
                beside => "beside".to_owned(),
            }
            .driver(named(&name))
            .run()?;
            format!("{a} {b}")
        },
    }
    .driver(driver.clone())
    .run()
    .expect("all succeed");
    assert_eq!(text, "23 beside");
}

pub(crate) fn many_blocks_inside_many_tasks(driver: &Driver) {
    let name = driver.name().to_owned();
    let sums: Vec<u32> = concurrent! {
        for ten in 0..20_u32 => {
            let parts = concurrent! { for one in 0..10_u32 => ten * 10 + one }
                .driver(named(&name))
                .run()?;
            parts.iter().sum::<u32>()
        }
    }
    .driver(driver.clone())
    .run()
    .expect("all succeed");
    assert_eq!(sums, (0..20).map(|ten| ten * 100 + 45).collect::<Vec<u32>>());
}

/// How deep blocks could be nested before one was refused.
fn descend(name: &str, depth: u32) -> Result<u32, Error> {
    if depth == 10 {
        return Ok(depth);
    }
    let name = name.to_owned();
    let (deepest,) =
        concurrent! { next => descend(&name, depth + 1)? }.driver(named(&name)).run()?;
    Ok(deepest)
}

pub(crate) fn too_deep_is_an_error(driver: &Driver) {
    let err = descend(driver.name(), 0).expect_err("ten is too deep");
    assert!(err.to_string().contains("nested"), "{err}");
    // As deep as allowed is fine.
    assert_eq!(descend(driver.name(), 6).expect("four is deep enough"), 10);
}

pub(crate) fn a_failure_inside_arrives_outside(driver: &Driver) {
    let name = driver.name().to_owned();
    let err = concurrent! {
        outer => {
            let (inner,) = concurrent! { inner => "x".parse::<u8>()? }.driver(named(&name)).run()?;
            inner
        },
    }
    .driver(driver.clone())
    .run()
    .expect_err("x is no number");
    assert_eq!((err.kind(), err.task()), (ErrorKind::Failed, Some("outer")));
    assert!(err.to_string().contains("task `inner` failed: invalid digit"), "{err}");
}

pub(crate) fn a_deadline_is_inherited(driver: &Driver) {
    let marks = Marks::new();
    let (dir, name) = (marks.dir(), driver.name().to_owned());
    let concurrent = is_concurrent(driver);
    // The outer task cannot be stopped on every driver, but its block ends by itself.
    let result = concurrent! {
        outer => {
            let inner = concurrent! {
                for number in 0..100_u32 => {
                    if concurrent { await_mark(&dir, "release"); }
                    thread::sleep(Duration::from_millis(20));
                    number
                }
            }
            .driver(named(&name))
            .limit(1)
            .run();
            mark(&dir, if inner.is_ok() { "all" } else { "some" });
        },
    }
    .driver(driver.clone())
    .deadline(Duration::from_millis(200))
    .run();
    // Where the outer task is not killed first, it ends with its block.
    if let Err(err) = result {
        assert_eq!(err.kind(), ErrorKind::TimedOut);
    }
    assert!(!marks.has("all"), "the inner block went on past the deadline");
    mark(&dir, "release");
}
