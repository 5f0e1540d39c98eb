//! Options: of the attribute (here by its other name, beside the block), of `#[task(...)]` in a block,
//! and which of them counts.

use std::process::id;
use std::time::Duration;

use concur::{Driver, ErrorKind, concurrent, task};

#[task(driver = "sync")]
fn place() -> u32 {
    id()
}

#[task(name = "the place", driver = "process")]
fn named_place() -> u32 {
    id()
}

#[task(timeout = "50ms")]
fn endless() {
    loop {
        std::hint::spin_loop();
    }
}

#[task(retries = 2, backoff = "1ms")]
fn failing() -> Result<(), String> {
    Err("again".to_owned())
}

#[test]
fn the_attribute_sets_options() {
    assert_eq!(place_task().run().unwrap(), id());
    assert_ne!(named_place_task().run().unwrap(), id());
    assert_eq!(named_place_task().name(), "the place");
    let err = endless_task().run().unwrap_err();
    assert_eq!((err.kind(), err.task()), (ErrorKind::TimedOut, Some("endless")));
    let err = failing_task().run().unwrap_err();
    assert_eq!(err.failures()[0].attempts(), 3);
}

#[test]
fn methods_come_before_the_attribute() {
    assert_ne!(place_task().driver(Driver::Process).run().unwrap(), id());
    let err = endless_task().timeout(Duration::from_millis(5)).run().unwrap_err();
    assert!(err.to_string().contains("timeout of 5ms"), "{err}");
    let err = failing_task().retries(0).run().unwrap_err();
    assert_eq!(err.failures()[0].attempts(), 1);
    assert_eq!(named_place_task().named("x").name(), "x");
}

#[test]
fn what_the_whole_says_comes_before_the_attribute_and_after_the_task() {
    let both = concur::join((place_task(), place_task().driver(Driver::Sync)));
    let (whole, own) = both.driver(Driver::Process).run().unwrap();
    assert!(whole != id() && own == id());
}

#[test]
fn entries_of_a_block_have_options() {
    let here = id();
    let (a, b, c) = concurrent! {
        #[task(driver = "sync", name = "first")]
        a => id() == here,
        /// Comments may stand here.
        b => id() == here,
        #[task(driver = "thread")]
        #[task(timeout = "9s")]
        c => id() == here,
    }
    .driver(Driver::Process)
    .run()
    .unwrap();
    assert_eq!((a, b, c), (true, false, true));
}

#[test]
fn options_of_an_entry_are_its_own() {
    let (limited, other) = concurrent! {
        #[task(name = "forever", timeout = "50ms", retries = 1, backoff = "1us")]
        limited => loop { std::hint::spin_loop() },
        other => 1,
    }
    .settle()
    .run()
    .unwrap();
    let err = limited.unwrap_err();
    assert_eq!((err.task(), err.kind(), err.attempts()), ("forever", ErrorKind::TimedOut, 2));
    assert_eq!(other.unwrap(), 1);
}

#[test]
fn options_before_a_for_are_those_of_each_task() {
    let outcomes = concurrent! {
        #[task(retries = 1, name = "item", isolated)]
        for n in 0..3_u32 => if n == 1 { Err("odd")? } else { n }
    };
    let outcomes = outcomes.settle().run().unwrap();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 2);
    let err = outcomes[1].as_ref().unwrap_err();
    assert_eq!((err.task(), err.attempts()), ("item", 2));
}

#[test]
fn options_of_an_entry_within_a_task_count_there() {
    let here = id();
    let (inner,) = concurrent! {
        inner => {
            let this = id();
            let (same, sent) = concurrent! {
                #[task(driver = "sync")]
                same => id() == this,
                sent => here,
            }
            .run()?;
            same && sent == here && this != here
        },
    }
    .run()
    .unwrap();
    assert!(inner);
}

#[task(deadline = "1h", memory_limit = "2GiB", isolated = false)]
fn every_other_option() -> u32 {
    1
}

#[test]
fn every_other_option_is_taken() {
    assert_eq!(every_other_option_task().run().unwrap(), 1);
}
