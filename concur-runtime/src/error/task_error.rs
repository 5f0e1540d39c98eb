//! What became of one task that did not succeed.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Error, ErrorKind, PanicInfo, describe, hint};
#[cfg(target_os = "linux")]
use crate::codec::{self, CodecError};
use crate::driver::Driver;
use crate::hooks::failure::HookEnd;
use crate::outcome::{Death, End, LastWords, Outcome};
use crate::task::Site;
use crate::task::failure::ErrorValue;

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

#[derive(Clone, Serialize, Deserialize)]
struct Facts {
    task: String,
    site: Site,
    index: usize,
    kind: ErrorKind,
    message: String,
    cause: Option<Cause>,
    panic: Option<PanicInfo>,
    death: Option<Death>,
    stack_overflow: bool,
    pid: Option<u32>,
    attempts: u32,
    /// How the attempts before this one failed.
    #[serde(skip)]
    earlier: Vec<TaskError>,
    may_have_run: bool,
    /// The task said that trying again cannot help.
    permanent: bool,
    /// The error itself, where its type can travel.
    value: Option<ErrorValue>,
    elapsed: Duration,
    driver: String,
    /// What a fake was not told, or told wrongly.
    #[cfg(feature = "testing")]
    #[serde(skip)]
    mistake: Option<crate::testing::Mistake>,
}

/// A message of the source chain that crossed the boundary.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Cause {
    message: String,
    source: Option<Box<Cause>>,
}

impl TaskError {
    /// Tells an outcome that is not `Done`.
    pub(crate) fn from_outcome(
        (task, site): (&str, Site),
        index: usize,
        driver: &str,
        outcome: Outcome,
    ) -> Self {
        let words = describe::outcome(&outcome.end, driver);
        let Outcome { end, elapsed, pid, may_have_run } = outcome;
        let mut facts = Facts {
            task: task.to_owned(),
            site,
            index,
            kind: words.kind,
            message: words.message,
            cause: None,
            panic: None,
            death: None,
            stack_overflow: false,
            pid,
            attempts: u32::from(may_have_run),
            earlier: Vec::new(),
            may_have_run,
            permanent: false,
            value: None,
            elapsed,
            driver: driver.to_owned(),
            #[cfg(feature = "testing")]
            mistake: None,
        };
        match end {
            End::Failed(report) => {
                facts.permanent = report.permanent;
                facts.value = report.value;
                facts.cause = Cause::chain(report.sources);
            }
            End::Panicked(info) => facts.panic = Some(info),
            End::Died { death, words, .. } => {
                facts.death = Some(death);
                match words {
                    Some(LastWords::Panicked(info)) => facts.panic = Some(*info),
                    Some(LastWords::StackOverflow) => facts.stack_overflow = true,
                    _ => {}
                }
            }
            #[cfg(feature = "testing")]
            End::Told(told) => facts.mistake = told.mistake,
            End::Hook(failure) => {
                facts.panic = failure.panic().cloned();
                facts.death = failure.death();
                if let HookEnd::Failed(report) = failure.end {
                    facts.cause = Cause::chain(report.sources);
                }
            }
            _ => {}
        }
        Self(Box::new(facts))
    }

    /// Tells why a run could not begin, or go on, where only tasks can be told of.
    pub(crate) fn from_run(err: &Error, site: Site, index: usize) -> Self {
        Self(Box::new(Facts {
            task: site.name.to_owned(),
            site,
            index,
            kind: err.kind(),
            message: err.to_string(),
            cause: None,
            panic: None,
            death: None,
            stack_overflow: false,
            pid: None,
            attempts: 0,
            earlier: Vec::new(),
            may_have_run: false,
            permanent: false,
            value: None,
            elapsed: Duration::ZERO,
            driver: String::new(),
            #[cfg(feature = "testing")]
            mistake: None,
        }))
    }

    /// This failure as that of attempt number `attempt`, from 1.
    pub(crate) fn of_attempt(mut self, attempt: u32) -> Self {
        self.0.attempts = attempt - 1 + u32::from(self.0.may_have_run);
        self
    }

    /// This failure as the last one, after those of earlier attempts.
    pub(crate) fn with_earlier(mut self, earlier: Vec<Self>) -> Self {
        self.0.may_have_run |= !earlier.is_empty();
        self.0.earlier = earlier;
        self
    }

    /// This failure as data, without what is long.
    #[cfg(target_os = "linux")]
    pub(crate) fn to_data(&self) -> Result<Vec<u8>, CodecError> {
        let mut facts = self.0.clone();
        if let Some(panic) = &mut facts.panic {
            panic.backtrace = None;
        }
        codec::to_vec(&facts)
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn from_data(data: &[u8]) -> Result<Self, CodecError> {
        Ok(Self(Box::new(codec::decode_all(data)?)))
    }

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

    /// How the attempts before the last one failed, the first one first; empty without retries.
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
        let Facts { panic, pid, driver, .. } = &*self.0;
        let in_worker = pid.is_some_and(|pid| pid != std::process::id());
        // A fork of the caller has everything that `main` has set up.
        if !in_worker || *driver == Driver::Fork.name() {
            return None;
        }
        hint::for_panic(panic.as_ref()?.message())
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

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.read();
        let Facts { task, message, pid, .. } = &*self.0;
        write!(f, "task `{task}` {}", describe::verb(self.0.kind))?;
        let own = std::process::id();
        let processes = [Driver::Process, Driver::Fork];
        let in_worker = processes.iter().any(|driver| driver.name() == self.0.driver);
        match self.own_panic() {
            Some(panic) => write!(f, "{panic}")?,
            None => f.write_str(message)?,
        }
        let place = match pid {
            // A hook for deferred failures may be told of one in the very worker that it was in.
            Some(pid) if *pid != own || in_worker => Some(format!("worker {pid}")),
            Some(_) => Some(format!("driver {}", self.0.driver)),
            None => None,
        };
        let tried = self.0.earlier.len();
        let attempt = (tried > 0).then(|| format!("after {} attempts", self.0.attempts));
        let facts: Vec<String> = place.into_iter().chain(attempt).collect();
        if facts.is_empty() { Ok(()) } else { write!(f, " ({})", facts.join(", ")) }
    }
}

impl fmt::Debug for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        describe::causes(self, f)?;
        describe::advice(self.hint(), f)?;
        describe::backtrace(self.panic(), f)?;
        describe::earlier(self.earlier(), f)
    }
}

impl std::error::Error for TaskError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.cause.as_ref().map(|cause| cause as &(dyn std::error::Error + 'static))
    }
}

impl Cause {
    fn chain(messages: Vec<String>) -> Option<Self> {
        messages
            .into_iter()
            .rev()
            .fold(None, |source, message| Some(Self { message, source: source.map(Box::new) }))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Cause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|cause| &**cause as &(dyn std::error::Error + 'static))
    }
}
