//! What became of one task that did not succeed.

mod facts;
mod text;

use std::time::Duration;

use super::{ErrorKind, PanicInfo, hint};
use crate::driver::Driver;
use crate::outcome::Death;
use facts::Facts;

/// The failure of one task.
///
/// The text is one line for a person: what happened to which task, in which process. The methods give
/// the facts to code.
///
/// # Examples
///
/// ```
/// use concur::{concurrent, ErrorKind};
///
/// let (fine, broken) = concurrent! {
///     fine => 1,
///     broken => { let empty: Vec<u8> = Vec::new(); empty[0] },
/// }
/// .settle()
/// .run()?;
/// assert_eq!(fine.unwrap(), 1);
/// let failure = broken.unwrap_err();
/// assert_eq!(failure.kind(), ErrorKind::Panicked);
/// assert!(failure.message().contains("index out of bounds"));
/// assert!(failure.panic().and_then(|panic| panic.line()).is_some());
/// # Ok::<(), concur::Error>(())
/// ```
#[derive(Clone)]
pub struct TaskError(Box<Facts>);

impl TaskError {
    /// Somebody reads what happened: then a fake whose mistake this is has nothing to add.
    #[cfg_attr(
        not(feature = "testing"),
        expect(clippy::unused_self, reason = "there are no fakes")
    )]
    pub(super) fn read(&self) {
        #[cfg(feature = "testing")]
        self.0.mistake.iter().for_each(crate::testing::Mistake::read);
    }

    pub(crate) fn is_permanent(&self) -> bool {
        self.0.permanent
    }

    /// The name of the task.
    #[must_use]
    pub fn task(&self) -> &str {
        self.read();
        &self.0.task
    }

    /// The place of the task in its block, or of its item in the input, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.0.index
    }

    /// The source file in which the task is written.
    #[must_use]
    pub fn file(&self) -> &'static str {
        self.0.site.file
    }

    /// The line in that file, from 1.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.0.site.line
    }

    /// What happened, for code to match on.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.read();
        self.0.kind
    }

    /// What happened, without the task's name: an error's own message, a panic's message, or what is
    /// known of a death.
    #[must_use]
    pub fn message(&self) -> &str {
        self.read();
        match self.own_panic() {
            Some(panic) => panic.message(),
            None => &self.0.message,
        }
    }

    /// The process that ran the task, where there was one.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.0.pid
    }

    /// How many times the task was started: 0 when it never was.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Whether the task would have been tried again (see `retries`), had the deadline not come before
    /// the end of the pause: then this is how its last attempt failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use concur::concurrent;
    ///
    /// let err = concurrent! { count => "many".parse::<u32>()? }
    ///     .retries(2)
    ///     .backoff(Duration::from_secs(3600))
    ///     .deadline(Duration::from_secs(60))
    ///     .run()
    ///     .unwrap_err();
    /// let failure = &err.failures()[0];
    /// assert!(failure.had_no_time_to_retry());
    /// assert_eq!(failure.attempts(), 1);
    /// assert!(failure.to_string().ends_with("no time was left for another attempt)"));
    /// ```
    #[must_use]
    pub fn had_no_time_to_retry(&self) -> bool {
        self.0.no_time_to_retry
    }

    /// How the attempts before the last one failed, the first one first; empty without retries.
    ///
    /// At the most 100 are kept: of more, the first 50 and the last 50.
    /// [`attempts`](Self::attempts) counts them all.
    ///
    /// # Examples
    ///
    /// ```
    /// use concur::concurrent;
    ///
    /// let err = concurrent! { count => "many".parse::<u32>()? }.retries(2).run().unwrap_err();
    /// let failure = &err.failures()[0];
    /// assert_eq!((failure.attempts(), failure.earlier().len()), (3, 2));
    /// ```
    #[must_use]
    pub fn earlier(&self) -> &[TaskError] {
        &self.0.earlier
    }

    /// The very error that an annotated function returned, where its type is `Serialize` and
    /// `DeserializeOwned`, or that a task failed with by [`Failure::carrying`](crate::Failure::carrying);
    /// `None` for every other failure, for another type, and for an error that takes more than 16 KiB.
    ///
    /// # Examples
    ///
    /// ```
    /// use concur::attr::concurrent;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Debug, PartialEq, Serialize, Deserialize)]
    /// enum PriceError {
    ///     Unknown { sku: u32 },
    /// }
    ///
    /// impl std::fmt::Display for PriceError {
    ///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    ///         f.write_str("the price is unknown")
    ///     }
    /// }
    ///
    /// impl std::error::Error for PriceError {}
    ///
    /// #[concurrent]
    /// fn price(sku: u32) -> Result<u64, PriceError> {
    ///     Err(PriceError::Unknown { sku })
    /// }
    ///
    /// let err = price_task(7).run().unwrap_err();
    /// let value = err.failures()[0].decode_error::<PriceError>();
    /// assert_eq!(value, Some(PriceError::Unknown { sku: 7 }));
    /// ```
    #[must_use]
    pub fn decode_error<E: serde::de::DeserializeOwned + 'static>(&self) -> Option<E> {
        self.0.value.as_ref()?.decode()
    }

    /// Whether the task may have begun, and so may have had effects. `false` is certain.
    #[must_use]
    pub fn may_have_run(&self) -> bool {
        self.0.may_have_run
    }

    /// The panic, if the task panicked, or a hook did that its worker needed.
    #[must_use]
    pub fn panic(&self) -> Option<&PanicInfo> {
        self.0.panic.as_ref()
    }

    /// Advice, where a panic in a worker looks as if it missed something that only `main` has set up
    /// (a cell, a runtime, a logger): what to write instead. `Debug` prints it below the message.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::OnceLock;
    /// use concur::concurrent;
    ///
    /// static REGION: OnceLock<String> = OnceLock::new();
    ///
    /// fn region() -> &'static str {
    ///     REGION.get().expect("the region is not initialized")
    /// }
    ///
    /// REGION.set("EU".to_owned()).expect("it is empty");
    /// let err = concurrent! { letters => region().len() }.run().unwrap_err();
    /// let hint = err.failures()[0].hint().unwrap();
    /// assert!(hint.contains("#[concur::on_worker_start]"));
    /// ```
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.worker()?;
        // A fork of the caller has everything that `main` has set up.
        if self.0.driver == Driver::Fork.name() {
            return None;
        }
        hint::for_panic(self.panic()?.message())
    }

    /// The process that ran the task, where it was one made for tasks.
    fn worker(&self) -> Option<u32> {
        let makes_workers = [Driver::Process, Driver::Fork];
        // A hook for deferred failures may be told of one in the very worker that it was in.
        let in_worker = || makes_workers.iter().any(|driver| driver.name() == self.0.driver);
        self.pid().filter(|pid| *pid != std::process::id() || in_worker())
    }

    /// The panic of the task itself: a hook's is told in the message.
    fn own_panic(&self) -> Option<&PanicInfo> {
        self.panic().filter(|_| self.kind() == ErrorKind::Panicked)
    }

    /// The code that the worker exited with, if it did.
    #[must_use]
    pub fn exit_code(&self) -> Option<i32> {
        match self.0.death {
            Some(Death::Exited(code)) => Some(code),
            _ => None,
        }
    }

    /// The number of the signal that killed the worker, if one did.
    #[must_use]
    pub fn signal(&self) -> Option<i32> {
        match self.0.death {
            Some(Death::Signalled(signal)) => Some(signal),
            _ => None,
        }
    }

    /// Whether the task was killed because its stack overflowed.
    #[must_use]
    pub fn is_stack_overflow(&self) -> bool {
        self.0.stack_overflow
    }

    /// How long the task ran.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed
    }
}
