//! A run that can be watched: a bar on the terminal, and what the tasks record, whichever process they
//! are in, in one place with their names.
//!
//! `cargo run --example watched --features tracing,progress`, with `RUST_LOG`-like levels as its argument:
//! `info` (default), `debug`.

use std::time::Duration;

use concur::concurrent;
use tracing::{Level, debug, info, warn};

/// Counts the primes below a number by sieving, and says how it goes.
#[tracing::instrument]
fn primes_below(limit: usize) -> usize {
    let mut is_prime = vec![true; limit];
    is_prime.iter_mut().take(2).for_each(|entry| *entry = false);
    for n in 2..limit {
        if is_prime[n] {
            debug!(n, "crossing out its multiples");
            (n * n..limit).step_by(n).for_each(|multiple| is_prime[multiple] = false);
        }
        if n * n > limit {
            break;
        }
    }
    let count = is_prime.iter().filter(|is_prime| **is_prime).count();
    info!(count, "counted");
    count
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let level: Level = std::env::args().nth(1).as_deref().unwrap_or("info").parse()?;
    // Standard error, where the bar is: so it steps aside for each line.
    tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr).init();

    let limits = [1_000, 30_000, 1_000_000, 7, 300_000];
    let counts: Vec<usize> = concurrent! {
        for limit in limits => {
            if limit < 10 && concur::task::current().is_some_and(|task| task.attempt() == 1) {
                warn!("too small to be worth a process, this time");
                Err("too small")?;
            }
            primes_below(limit)
        }
    }
    .retries(1)
    .backoff(Duration::from_millis(20))
    .progress()
    .run()?;
    assert_eq!(counts, [168, 3245, 78498, 3, 25997]);
    Ok(())
}
