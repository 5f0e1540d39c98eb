//! Fakes: a test says by name how tasks end, and asks afterwards which ones ran.
//!
//! A task that a fake answers is not launched on any driver: no process is started, no thread, and
//! nothing of its code runs. The rest is as without a fake: captures are encoded, results are decoded,
//! retries are made, settings that are wrong are errors.
//!
//! ```
//! use concur::{concurrent, testing};
//!
//! fn count(table: &str, region: &str) -> Result<u64, std::io::Error> {
//!     unreachable!("a test asks no database for the {table} of {region}")
//! }
//!
//! // The code under test.
//! fn report(region: &str) -> Result<String, concur::Error> {
//!     let (users, orders) = concurrent! {
//!         users => count("users", region)?,
//!         orders => count("orders", region)?,
//!     }
//!     .run()?;
//!     Ok(format!("{users} users, {orders} orders"))
//! }
//!
//! // The test.
//! let fake = testing::fake();
//! fake.returns("users", 10_u64);
//! fake.fails_once("orders", "the database is away").returns("orders", 3_u64);
//!
//! assert_eq!(report("EU").unwrap_err().to_string(), "task `orders` failed: the database is away");
//! assert_eq!(report("US")?, "10 users, 3 orders");
//! fake.assert_ran_times("orders", 2);
//! assert_eq!(fake.captures::<(String,)>("users"), [("EU".to_owned(),), ("US".to_owned(),)]);
//! # Ok::<(), concur::Error>(())
//! ```
//!
//! # What a fake holds for
//!
//! A block, a `Task` and a `join_all` belong to the fake that holds in their thread when they are built,
//! the one made last if there are several, and stay with it wherever they are run. So tests that run side
//! by side never see each other's fakes, and a block that was built before the fake was made is not
//! faked. [`Fake::scope`] carries a fake into a future that is polled on other threads,
//! [`Fake::within`] into a closure that runs there.
//!
//! A task is known by its name: that in the block (of a `for`, its variable, or `item` where the pattern
//! is none), that of its function, or what `#[task(name = "...")]` and `named` say.
//!
//! # A task without an answer
//!
//! is an error that names it: it neither runs nor succeeds by accident. If nobody reads that error, the
//! fake panics when it is dropped, so the test fails anyway. [`Fake::passes_through`] lets a task run
//! really, [`Fake::passthrough`] all that have no answer, and [`Fake::strict`] makes it a panic at once.
//!
//! # How answers are given
//!
//! At once, in order, on the thread that drives the run, as driver Sync would: under fail-fast the tasks
//! behind the first one that fails do not run. Each attempt of a task with retries asks for an answer
//! of its own. Answers for single attempts ([`fails_once`](Fake::fails_once),
//! [`returns_each`](Fake::returns_each), [`answers`](Fake::answers)) are given first, in the order in
//! which they were added, and then, as often as it is asked for, the one that stands
//! ([`returns`](Fake::returns), [`fails`](Fake::fails), [`always`](Fake::always)).
//!
//! # Deferred tasks
//!
//! are noted and never run, so they need no answer, and `passes_through` does not change it: nothing
//! reaches a supervisor, and waiting for what was deferred succeeds at once. Arguments that cannot be
//! encoded, and settings that are wrong, are errors of `defer` as always.
//!
//! # A task that runs really
//!
//! goes to its driver as always. What it builds itself is faked where it runs in this process (drivers
//! Sync, Thread and engines of one's own that run it here), and not in a worker, which is another process.

mod answer;
mod asserts;
mod captures;
mod fake;
mod mistake;
mod scope;
mod state;
mod told;
mod types;

pub use answer::Answer;
pub use captures::CaptureTuple;
pub use fake::{Fake, fake};
pub use scope::Scope;

pub(crate) use mistake::{Mistake, Told};
pub(crate) use scope::{current, enter};
pub(crate) use state::{State, outcome, take_deferred};
pub(crate) use types::Types;
