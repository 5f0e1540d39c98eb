//! Coming from Laravel: each thing that its `Concurrency` facade does, or that one does with it,
//! and what takes its place here.
//!
//! The idea is the same: describe a few independent tasks, get their results back in order, choose
//! by name where they run. What differs comes from the language. A closure is not serialized here:
//! its code is in the binary already, on both sides, and only the values that it uses are sent. So
//! they have types, and most of what goes wrong in PHP when the program runs is an error when this
//! one is compiled.
//!
//! # Run
//!
//! `Concurrency::run([fn () => ..., fn () => ...])` takes an array of closures and gives an array
//! of results. Here tasks have names, and the results are a tuple, each with the type of its task.
//! Nothing is passed by `use`, not even with arrow functions: what a task mentions goes along.
//!
//! ```
//! use concur::concurrent;
//! # #[derive(serde::Serialize, serde::Deserialize)]
//! # struct Db;
//! # impl Db { fn count(&self, table: &str) -> Result<usize, std::fmt::Error> { Ok(table.len()) } }
//! # let db = Db;
//!
//! let (users, orders) = concurrent! {
//!     users => db.count("users")?,
//!     orders => db.count("orders")?,
//! }
//! .run()?;
//! assert_eq!((users, orders), (5, 6));
//! # Ok::<(), concur::Error>(())
//! ```
//!
//! An array that is made by mapping over a collection is the `for` form:
//!
//! ```
//! # use concur::concurrent;
//! let regions = vec!["EU".to_owned(), "US".to_owned()];
//! let reports: Vec<String> = concurrent! { for region in regions => format!("sales in {region}") }
//!     .run()?;
//! assert_eq!(reports, ["sales in EU", "sales in US"]);
//! # Ok::<(), concur::Error>(())
//! ```
//!
//! In async code, `.await` in place of `.run()`.
//!
//! # Order
//!
//! Results come in the order written, whatever ends first, as in Laravel. Whoever wants each as
//! soon as it is there takes them from [`iter`](crate::Many::iter), with the place of its item:
//!
//! ```
//! # use concur::concurrent;
//! for (place, square) in concurrent! { for n in 1..=3_u64 => n * n }.iter() {
//!     println!("{place}: {}", square?);
//! }
//! # Ok::<(), concur::TaskError>(())
//! ```
//!
//! # Drivers
//!
//! `Concurrency::driver('fork')->run(...)` chooses for one call. So does the method here:
//!
//! ```
//! use concur::{concurrent, Driver};
//!
//! let (sum,) = concurrent! { sum => 1 + 1 }.driver(Driver::Sync).run()?;
//! let (same,) = concurrent! { sum => 1 + 1 }.driver("thread".parse()?).run()?;
//! assert_eq!(sum, same);
//! # Ok::<(), concur::Error>(())
//! ```
//!
//! | Laravel | here | what differs |
//! |---|---|---|
//! | `process`: starts PHP and the framework for each task | `Process` | workers are forked from a small server and stay warm: a task costs a message |
//! | `fork`: needs a package, not in web requests | `Fork` | while the caller has one thread; in a threaded service use `Process` |
//! | `sync` | `Sync` | values pass through the codec, so what would fail elsewhere fails here, too |
//! | | `Thread` | no isolation, nothing to start |
//! | a driver of one's own | an [`Engine`](crate::Engine), registered under a name | |
//!
//! Whichever it is, a task ends in the same way on each: errors, failures and order do not depend
//! on it.
//!
//! # Default driver and timeouts
//!
//! `CONCURRENCY_DRIVER` and `config/concurrency.php` are `CONCUR_DRIVER` and, in code or in a file,
//! a [`Config`](crate::Config). The environment comes first, so that who runs the program has the
//! last word:
//!
//! ```standalone_crate
//! use std::time::Duration;
//! use concur::{Config, Driver};
//!
//! Config::new()
//!     .driver(Driver::Process)
//!     .workers(4)                            // at once, over all runs
//!     .timeout(Duration::from_secs(30))      // of each task
//!     .install()?;
//! # Ok::<(), concur::Error>(())
//! ```
//!
//! There is no timeout unless one is set: no hidden 60 seconds. `timeout` counts for each task from
//! when it starts to run, `deadline` for the whole run from the call.
//!
//! # Results
//!
//! PHP serializes what a closure returns. Here a result is any type with serde's `Serialize` and
//! `Deserialize`, and is checked when the program is compiled. Results do not travel on standard
//! output, so a task may print.
//!
//! ```
//! use concur::concurrent;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! struct Totals { users: u64, latest: Option<String> }
//!
//! let (totals,) = concurrent! {
//!     totals => {
//!         println!("counting");
//!         Totals { users: 3, latest: Some("Ada".to_owned()) }
//!     },
//! }
//! .run()?;
//! assert_eq!(totals.users, 3);
//! # Ok::<(), concur::Error>(())
//! ```
//!
//! # Retries
//!
//! `retry(3, fn () => ..., 100)` stands around the work, inside the closure. Here it is an option,
//! so that a crash or a timeout is tried again as well, each time on a fresh worker. The number is
//! that of the attempts after the first; the pause doubles.
//!
//! ```
//! use std::time::Duration;
//! use concur::concurrent;
//!
//! # fn fetch(_: &str) -> Result<u32, std::fmt::Error> { Ok(7) }
//! let (price, stock) = concurrent! {
//!     #[task(retries = 2, backoff = "100ms", timeout = "5s")]
//!     price => fetch("price")?,
//!     stock => fetch("stock")?,
//! }
//! .deadline(Duration::from_secs(20))
//! .run()?;
//! # assert_eq!((price, stock), (7, 7));
//! # Ok::<(), concur::Error>(())
//! ```
//!
//! What will not get better by waiting fails with
//! [`Failure::permanent`](crate::Failure::permanent). The example `http_retries` shows all of it.
//!
//! # Defer
//!
//! `Concurrency::defer([...])` waits until the response is sent and then starts the tasks. Here
//! `defer` hands them to a process that outlives this one, and comes back once that process has
//! them:
//!
//! ```
//! use concur::concurrent;
//!
//! let order = 17;
//! concurrent! {
//!     mail => println!("a mail about order {order}"),
//!     report => println!("the figures with order {order}"),
//! }
//! .defer()?;
//! # concur::flush(std::time::Duration::from_secs(60))?;
//! # Ok::<(), concur::Error>(())
//! ```
//!
//! What becomes of them, what they print, and what they record for `tracing` or `log` goes to the file
//! that `CONCUR_DEFER_LOG` names. They outlive the program, not the machine: what must not be lost
//! belongs in a queue.
//!
//! # Jobs
//!
//! A queued job whose `handle` runs a few things at once is here a handler of whatever queue you
//! use, apalis for one, which awaits a block. The queue keeps the job until the handler has
//! succeeded, so let the error through:
//!
//! ```
//! use concur::concurrent;
//!
//! # #[derive(serde::Serialize, serde::Deserialize)]
//! # struct Invoice { order: u32, address: String }
//! # fn render(order: u32) -> Result<Vec<u8>, std::fmt::Error> { Ok(vec![0; order as usize]) }
//! # fn is_reachable(_: &str) -> bool { true }
//! async fn handle(job: Invoice) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//!     let (page, reachable) = concurrent! {
//!         page => render(job.order)?,                // captures `job.order` alone
//!         reachable => is_reachable(&job.address),
//!     }
//!     .timeout(std::time::Duration::from_secs(30))
//!     .await?;
//!     println!("{} bytes for {}, {reachable}", page.len(), job.address);
//!     Ok(())
//! }
//! # smol::block_on(handle(Invoice { order: 17, address: "ada@example.org".to_owned() }))?;
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```
//!
//! The example `apalis_job` is such a queue, with a job that a crash interrupts.
//!
//! # API
//!
//! A controller that gathers a few numbers and returns them as JSON is a handler that awaits a
//! block. Nothing blocks the server meanwhile; when the client goes away the future is dropped, and
//! the tasks are stopped.
//!
//! ```
//! use axum::{Json, extract::State, http::StatusCode};
//! use concur::{ErrorKind, concurrent};
//! use serde_json::{Value, json};
//!
//! # fn count(_: &str, table: &str) -> Result<usize, std::fmt::Error> { Ok(table.len()) }
//! async fn metrics(State(db): State<String>) -> Result<Json<Value>, StatusCode> {
//!     let (users, orders) = concurrent! {
//!         users => count(&db, "users")?,
//!         orders => count(&db, "orders")?,
//!     }
//!     .deadline(std::time::Duration::from_secs(5))
//!     .await
//!     .map_err(|err| match err.kind() {
//!         ErrorKind::TimedOut => StatusCode::GATEWAY_TIMEOUT,
//!         ErrorKind::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
//!         _ => StatusCode::INTERNAL_SERVER_ERROR,
//!     })?;
//!     Ok(Json(json!({ "users": users, "orders": orders })))
//! }
//! # let Json(body) = smol::block_on(metrics(State("shop".to_owned()))).unwrap();
//! # assert_eq!(body["orders"], 6);
//! ```
//!
//! The example `axum_service` is a whole service of that kind, with an orderly end.
//!
//! # Isolation
//!
//! In Laravel each task boots the application anew; its singletons, statics and connections are not
//! those of the parent. Here nothing is booted: a worker is this binary without its `main`. What
//! `main` has set up (a logger, a pool of connections) is made in the task, or once for each worker
//! in a `LazyLock`:
//!
//! ```
//! use std::sync::LazyLock;
//! use concur::concurrent;
//!
//! static RATES: LazyLock<Vec<f64>> = LazyLock::new(|| vec![1.0, 1.1]);   // read from a file, say
//!
//! let (sum,) = concurrent! { sum => RATES.iter().sum::<f64>() }.isolated().run()?;
//! assert!(sum > 2.0);
//! # Ok::<(), concur::Error>(())
//! ```
//!
//! A worker runs one task after the other, and a static may keep something from the one before.
//! With [`isolated`](crate::Tasks::isolated) each task has a worker of its own, as in Laravel, and
//! [`memory_limit`](crate::Tasks::memory_limit) is what `memory_limit` in `php.ini` is.
//!
//! # Timeouts and errors
//!
//! What a closure throws is thrown again in the parent, as far as it can be made anew. Here the
//! first failure stops the other tasks and is the error of the run, with message and sources; a
//! panic brings its place and backtrace, a death its signal or exit code.
//! [`settle`](crate::Tasks::settle) keeps every outcome instead:
//!
//! ```
//! use std::time::Duration;
//! use concur::{concurrent, ErrorKind};
//!
//! let (number, stuck, crashed) = concurrent! {
//!     number => "seven".parse::<u32>()?,
//!     #[task(timeout = "100ms")]
//!     stuck => loop {},
//!     crashed => std::process::abort(),
//! }
//! .settle()
//! .run()?;
//! assert_eq!(number.unwrap_err().message(), "invalid digit found in string");
//! assert_eq!(stuck.unwrap_err().kind(), ErrorKind::TimedOut);      // it was killed
//! assert_eq!(crashed.unwrap_err().kind(), ErrorKind::Killed);      // and this program lives on
//! # Ok::<(), concur::Error>(())
//! ```
//!
//! # Services
//!
//! A service class whose methods the closures call by `$this` is a struct with serde's derives. A
//! block sends the fields that its tasks use, and all of `self` where they call a method. Methods
//! with `#[concurrent]` have a second one that makes a task, to be run alone or together with
//! others:
//!
//! ```
//! use concur::attr::concurrent;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Analytics { region: String }
//!
//! #[concurrent]
//! impl Analytics {
//!     #[concurrent(timeout = "30s", retries = 1)]
//!     fn revenue(&self, year: u16) -> u64 { u64::from(year) * self.region.len() as u64 }
//!
//!     #[concurrent]
//!     fn visitors(&self) -> u64 { 10 }
//! }
//!
//! let analytics = Analytics { region: "EU".to_owned() };
//! let (revenue, visitors) =
//!     concur::join((analytics.revenue_task(2026), analytics.visitors_task())).run()?;
//! assert_eq!((revenue, visitors), (4052, 10));
//! assert_eq!(analytics.visitors(), 10);                    // called as ever
//! # Ok::<(), concur::Error>(())
//! ```
//!
//! # Tests
//!
//! With `sync` as the driver the closures run in the test's own process; so they do here, without a
//! word changed in the program: `CONCUR_DRIVER=sync cargo test`. What facades do with
//! `shouldReceive`, the feature `testing` does with `fake`: no task runs, each ends as the test
//! says, and what ran and what was deferred can be asserted. Fakes in tests that run side by side
//! do not see each other.
//!
//! ```
//! # #[cfg(feature = "testing")]
//! # {
//! use concur::{concurrent, testing};
//!
//! fn dashboard() -> Result<u64, concur::Error> {
//!     let (users, orders) = concurrent! {
//!         users => std::fs::read_to_string("users.csv")?.lines().count() as u64,
//!         orders => std::fs::read_to_string("orders.csv")?.lines().count() as u64,
//!     }
//!     .run()?;
//!     concurrent! { report => println!("{users} users, {orders} orders") }.defer()?;
//!     Ok(users + orders)
//! }
//!
//! let fake = testing::fake();
//! fake.returns("users", 10_u64).fails("orders", "the file is away");
//! assert_eq!(dashboard().unwrap_err().task(), Some("orders"));
//! fake.assert_nothing_deferred();
//!
//! fake.returns("orders", 3_u64);
//! assert_eq!(dashboard().unwrap(), 13);
//! fake.assert_ran_times("users", 2);
//! fake.assert_deferred("report");
//! # }
//! ```
//!
//! # Pitfalls
//!
//! | in PHP | here |
//! |---|---|
//! | a closure captures something that cannot be serialized (a PDO, a stream, another closure): an exception when it runs | an error when it is compiled, at that variable, that says what to do (what only a look at the value tells, such as a `serde_json::Value`, is an error when it runs) |
//! | `$this` in a closure sends the whole object along | a field that is used is sent alone |
//! | a variable that is changed in a closure stays as it was outside | the same, and changing it is a compile error: return what is new |
//! | `echo` in a task spoils its result | it is printed |
//! | a hundred closures start a hundred processes | as many run as there are workers, the others wait; see [`limit`](crate::Tasks::limit) |
//! | an `exit` in a closure | an error of the kind [`Exited`](crate::ErrorKind::Exited), also for `exit(0)` |
//! | closures large enough hit the limit of an environment variable | values may have 16 GiB; large ones travel in shared memory |
//! | a task that costs less than the boot of PHP is slower than without | it starts in microseconds, but what takes less than that is still better called |
//! | a transaction of the parent is not that of the task | the same: a connection belongs to the process that opened it |
//!
//! What a task changes in files and databases is as real as ever, and a task that is tried again
//! does it again: [`may_have_run`](crate::TaskError::may_have_run) says whether a failed one may
//! have begun.
//!
//! # Monitoring
//!
//! With the feature `tracing` what a task records in its worker comes to the caller's subscriber, in
//! a span with the task's name, attempt and worker; the feature `log` does so for loggers, and
//! `progress` draws a bar on the terminal:
//!
//! ```
//! # #[cfg(all(feature = "tracing", feature = "progress"))]
//! # {
//! let regions = ["EU", "US"].map(String::from);
//! let lengths: Vec<usize> = concur::concurrent! {
//!     for region in regions => {
//!         tracing::info!("a report about {region}");
//!         region.len()
//!     }
//! }
//! .progress()
//! .run()?;
//! # assert_eq!(lengths, [2, 2]);
//! # }
//! # Ok::<(), concur::Error>(())
//! ```
//!
//! Each deferred task has a line in `CONCUR_DEFER_LOG`. Code asks an error for facts:
//!
//! ```
//! let report = concur::concurrent! { report => Err::<(), _>("no data")? };
//! let err = report.retries(1).run().unwrap_err();
//! let failure = &err.failures()[0];
//! assert_eq!((failure.task(), failure.attempts(), failure.message()), ("report", 2, "no data"));
//! println!("{} in process {:?} after {:?}", failure.kind(), failure.pid(), failure.elapsed());
//! ```
//!
//! [`concur::tasks()`](crate::tasks) lists every annotated function of the program, with its
//! options and its documentation.
