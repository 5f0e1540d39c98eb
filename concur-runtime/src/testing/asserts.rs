//! What a test asks a fake afterwards. A task counts once, when its first attempt begins, whatever its
//! answer; what runs really counts as well.

use std::fmt::Write as _;

use super::captures::CaptureTuple;
use super::fake::Fake;
use super::state::{Known, Record};

impl Fake {
    /// How many tasks of this name were run; attempts after the first do not count.
    ///
    /// # Examples
    ///
    /// ```
    /// use concur::{concurrent, testing};
    ///
    /// let fake = testing::fake();
    /// fake.returns("page", 1_u64);
    /// concurrent! { for page in 0..3_u64 => page }.run()?;
    /// assert_eq!((fake.ran("page"), fake.ran("users")), (3, 0));
    /// # Ok::<(), concur::Error>(())
    /// ```
    #[must_use]
    pub fn ran(&self, task: &str) -> usize {
        count(&self.state.known().ran, task)
    }

    /// How many attempts were made at tasks of this name, all of them together.
    #[must_use]
    pub fn attempts(&self, task: &str) -> usize {
        self.state.known().attempts.get(task).copied().unwrap_or(0)
    }

    /// How many tasks of this name were deferred. What is deferred under a fake is noted and never run,
    /// so it needs no answer and does not count as run.
    #[must_use]
    pub fn deferred(&self, task: &str) -> usize {
        count(&self.state.known().deferred, task)
    }

    /// What the tasks of this name that were run had captured, in the order in which they were; see
    /// [`CaptureTuple`].
    ///
    /// # Panics
    ///
    /// If they captured something else; the message names both tuples.
    ///
    /// # Examples
    ///
    /// ```
    /// use concur::{concurrent, testing};
    ///
    /// let fake = testing::fake();
    /// fake.returns("sales", 0_u64);
    /// let year = 2026_u16;
    /// concurrent! { for sales in ["EU", "US"].map(String::from) => u64::from(year) + sales.len() as u64 }
    ///     .run()?;
    /// let of = |region: &str| (2026_u16, region.to_owned());
    /// assert_eq!(fake.captures::<(u16, String)>("sales"), [of("EU"), of("US")]);
    /// # Ok::<(), concur::Error>(())
    /// ```
    #[must_use]
    #[track_caller]
    pub fn captures<C: CaptureTuple>(&self, task: &str) -> Vec<C> {
        let records = named(&self.state.known().ran, task);
        read(&records)
            .unwrap_or_else(|reason| panic!("task `{task}` is misread by the test: {reason}"))
    }

    /// What the deferred tasks of this name had captured, as [`captures`](Fake::captures).
    ///
    /// # Panics
    ///
    /// As [`captures`](Fake::captures).
    #[must_use]
    #[track_caller]
    pub fn deferred_captures<C: CaptureTuple>(&self, task: &str) -> Vec<C> {
        let records = named(&self.state.known().deferred, task);
        read(&records)
            .unwrap_or_else(|reason| panic!("task `{task}` is misread by the test: {reason}"))
    }

    /// A task of this name was run, or many were.
    ///
    /// # Panics
    ///
    /// If none was; the message lists what was run.
    #[track_caller]
    pub fn assert_ran(&self, task: &str) {
        self.check(self.ran(task) > 0, || format!("no task `{task}` was run"));
    }

    /// So many tasks of this name were run.
    ///
    /// # Panics
    ///
    /// If it were more or fewer; the message lists what was run.
    #[track_caller]
    pub fn assert_ran_times(&self, task: &str, times: usize) {
        let ran = self.ran(task);
        self.check(ran == times, || {
            format!("task `{task}` was run {}, and should have been {}", often(ran), often(times))
        });
    }

    /// No task of this name was run.
    ///
    /// # Panics
    ///
    /// If one was; the message lists what was run.
    #[track_caller]
    pub fn assert_not_ran(&self, task: &str) {
        let ran = self.ran(task);
        self.check(ran == 0, || format!("task `{task}` was run {}", often(ran)));
    }

    /// No task was run. What was deferred does not count.
    ///
    /// # Panics
    ///
    /// If one was; the message lists what was run.
    #[track_caller]
    pub fn assert_nothing_ran(&self) {
        let nothing_ran = self.state.known().ran.is_empty();
        self.check(nothing_ran, || "tasks were run".to_owned());
    }

    /// A task of this name was deferred, or many were.
    ///
    /// # Panics
    ///
    /// If none was; the message lists what was deferred.
    #[track_caller]
    pub fn assert_deferred(&self, task: &str) {
        self.check(self.deferred(task) > 0, || format!("no task `{task}` was deferred"));
    }

    /// No task was deferred.
    ///
    /// # Panics
    ///
    /// If one was; the message lists what was deferred.
    #[track_caller]
    pub fn assert_nothing_deferred(&self) {
        let nothing_deferred = self.state.known().deferred.is_empty();
        self.check(nothing_deferred, || "tasks were deferred".to_owned());
    }

    #[track_caller]
    fn check(&self, holds: bool, complaint: impl FnOnce() -> String) {
        if !holds {
            let summary = summary(&self.state.known());
            panic!("{}; {summary}", complaint());
        }
    }
}

fn count(records: &[Record], task: &str) -> usize {
    records.iter().filter(|record| record.name == task).count()
}

fn named(records: &[Record], task: &str) -> Vec<Record> {
    records.iter().filter(|record| record.name == task).cloned().collect()
}

fn read<C: CaptureTuple>(records: &[Record]) -> Result<Vec<C>, String> {
    records.iter().map(Record::captures).collect()
}

/// What was run and what was deferred, in the order in which each name came first.
fn summary(known: &Known) -> String {
    let mut text = format!("what ran: {}", list(&known.ran));
    if !known.deferred.is_empty() {
        let _ = write!(text, "; what was deferred: {}", list(&known.deferred));
    }
    text
}

fn list(records: &[Record]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for Record { name, .. } in records {
        match counts.iter_mut().find(|(known, _)| known == name) {
            Some((_, times)) => *times += 1,
            None => counts.push((name, 1)),
        }
    }
    let told = counts.iter().map(|(name, times)| match times {
        1 => format!("`{name}`"),
        _ => format!("`{name}` {}", often(*times)),
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() { "nothing".to_owned() } else { told.join(", ") }
}

fn often(times: usize) -> String {
    match times {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{times} times"),
    }
}
