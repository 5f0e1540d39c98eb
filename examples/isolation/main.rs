//! Tasks that crash, hang, eat memory, exit and panic, and a program that lives on.
//!
//! ```text
//! cargo run --example isolation
//! ```
//!
//! The part to read is [`main`]: one block, a worker process for each task, and `settle`, which keeps
//! what became of every one. `library.rs` is the code that misbehaves; it stands for what a program
//! must call and cannot mend, and knows nothing of processes.
//!
//! What goes to standard error meanwhile is std's own word about the allocation that failed.

mod library;

use std::fmt::Debug;
use std::process;
use std::time::Duration;

use concur::{ErrorKind, TaskError, concurrent};

fn main() -> Result<(), concur::Error> {
    println!("Process {} runs eight tasks:\n", process::id());
    let text = "to be or not to be";
    let (fine, refuses, panics, crashes, overflows, hangs, hoards, quits) = concurrent! {
        fine      => library::words(text),
        refuses   => library::parse("not a number")?,
        panics    => library::third(&[1, 2]),
        crashes   => library::fails_its_own_check(),
        overflows => library::factorial(-1),
        #[task(timeout = "300ms")]            // for this one in place of what the block says
        hangs     => library::waits_for_ever(),
        #[task(memory_limit = "64MiB")]       // else the machine itself would have to end it
        hoards    => library::hoard(),
        quits     => library::quits(),
    }
    .timeout(Duration::from_secs(30))
    .settle()
    .run()?;

    // Each is a `Result` of its own, with the type that its task gives.
    row(&fine);
    row(&refuses);
    row(&panics);
    row(&crashes);
    row(&overflows);
    row(&hangs);
    row(&hoards);
    row(&quits);

    // Code that must decide matches on the kind, and asks the error for facts.
    if let Err(err) = quits {
        assert_eq!((err.kind(), err.exit_code()), (ErrorKind::Exited, Some(0)));
    }

    // Workers that died were replaced; the next run does not notice.
    let squares = concurrent! { for number in 1..=5_u32 => number * number }.run()?;
    println!("\nProcess {} goes on: {squares:?}", process::id());
    Ok(())
}

/// What became of a task, in a line.
fn row<T: Debug>(outcome: &Result<T, TaskError>) {
    match outcome {
        Ok(value) => println!("  {:<15}and gave {value:?}", "succeeded"),
        Err(err) => println!("  {:<15}{err}", err.kind().to_string()),
    }
}
