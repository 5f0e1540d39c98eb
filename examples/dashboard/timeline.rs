//! Who ran when: a value with the time and the process it was made in, and a chart of them.

use std::fmt::{self, Display};
use std::process;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

/// How many characters wide the time axis of a chart is.
const WIDTH: usize = 56;

/// A value, and where and when it was computed.
///
/// It is made in the worker and sent back like any other value. The times are [`SystemTime`]s
/// because all processes of a machine share that clock; an `Instant` means nothing elsewhere.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Timed<T> {
    pub(crate) value: T,
    started: SystemTime,
    ended: SystemTime,
    pid: u32,
}

/// Computes a value and notes when that began and ended, and in which process.
pub(crate) fn timed<T, E>(compute: impl FnOnce() -> Result<T, E>) -> Result<Timed<T>, E> {
    let started = SystemTime::now();
    let value = compute()?;
    Ok(Timed { value, started, ended: SystemTime::now(), pid: process::id() })
}

impl<T> Timed<T> {
    /// What a chart needs to know of it.
    pub(crate) fn span(&self, task: &'static str) -> Span {
        Span { task, started: self.started, ended: self.ended, pid: self.pid }
    }
}

/// One bar of a chart.
#[derive(Debug)]
pub(crate) struct Span {
    task: &'static str,
    started: SystemTime,
    ended: SystemTime,
    pub(crate) pid: u32,
}

/// The bars of one pass over the tasks, one below the other.
///
/// The axis is the whole pass, from the call to the results, so that the time before the first
/// task and after the last one shows as well.
pub(crate) struct Chart<'a> {
    pub(crate) spans: &'a [Span],
    pub(crate) started: SystemTime,
    pub(crate) took: Duration,
}

impl Chart<'_> {
    /// The column at which `time` is on the axis.
    fn column(&self, time: SystemTime) -> usize {
        // An earlier time than the start is possible if the clock was set back meanwhile.
        let offset = time.duration_since(self.started).unwrap_or_default();
        let column = offset.as_micros() * WIDTH as u128 / self.took.as_micros().max(1);
        usize::try_from(column).map_or(WIDTH, |column| column.min(WIDTH))
    }
}

impl Display for Chart<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for span in self.spans {
            // The shortest task is still seen.
            let start = self.column(span.started).min(WIDTH - 1);
            let end = self.column(span.ended).max(start + 1);
            let bar = "█".repeat(end - start);
            let after = WIDTH - end;
            writeln!(
                out,
                "  {:<13} pid {:<8} |{:start$}{bar}{:after$}|",
                span.task, span.pid, "", ""
            )?;
        }
        Ok(())
    }
}
