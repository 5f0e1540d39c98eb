//! The words of errors: every sentence that tells a person what happened to a task.

use std::cmp::Ordering;
use std::fmt;

use super::{ErrorKind, PanicInfo, TaskError};
use crate::duration::Spelled;
use crate::outcome::{Death, End, LastWords, Limit, Stop};
use crate::size;

/// The kind of an outcome, and what happened without the task's name.
pub(super) struct Words {
    pub(super) kind: ErrorKind,
    pub(super) message: String,
}

/// What stands between the name of the task and the message.
pub(super) fn verb(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Failed => "failed: ",
        ErrorKind::Panicked => "panicked: ",
        ErrorKind::Start => "could not start: ",
        ErrorKind::Overloaded => "found no room: ",
        ErrorKind::Config => "is misconfigured: ",
        ErrorKind::Unsupported | ErrorKind::ForkUnsafe => "cannot run: ",
        _ => "",
    }
}

pub(super) fn outcome(end: &End, driver: &str) -> Words {
    let (kind, message) = match end {
        End::Done(_) => (ErrorKind::Failed, "succeeded".to_owned()),
        End::Failed(report) => (ErrorKind::Failed, report.message.clone()),
        End::Panicked(info) => (ErrorKind::Panicked, info.message.clone()),
        End::Undecodable(reason) => (
            ErrorKind::Decode,
            format!("was sent arguments that its worker cannot decode: {reason}"),
        ),
        End::Unencodable(reason) => {
            (ErrorKind::Encode, format!("gave a result that cannot be encoded: {reason}"))
        }
        End::NotSent(reason) => {
            (ErrorKind::Encode, format!("has arguments that cannot be encoded: {reason}"))
        }
        End::Unreadable(reason) => {
            (ErrorKind::Decode, format!("gave a result that cannot be decoded: {reason}"))
        }
        End::Died { death, words, memory_limit, beside } => {
            died(*death, words.as_ref(), *memory_limit, *beside)
        }
        End::Lost(reason) => (ErrorKind::Killed, format!("was lost with its worker: {reason}")),
        End::TimedOut(Limit::Timeout(limit), stop) => {
            let end = match stop {
                Stop::Killed => " and was stopped",
                Stop::Ended => " and ended by itself",
                Stop::Dropped => " and was dropped",
                Stop::Left => "",
            };
            (ErrorKind::TimedOut, format!("ran past its timeout of {}{end}", Spelled(*limit)))
        }
        End::TimedOut(Limit::Deadline, _) => {
            (ErrorKind::TimedOut, "was not done when the deadline of its run passed".to_owned())
        }
        End::Dropped | End::Cancelled => (ErrorKind::Cancelled, "was cancelled".to_owned()),
        End::NotStarted(reason) => (ErrorKind::Start, reason.clone()),
        End::Overloaded { limit: 0 } => (
            ErrorKind::Overloaded,
            "no worker is free, and `queue_limit` is 0, so that none waits for one".to_owned(),
        ),
        End::Overloaded { limit } => (
            ErrorKind::Overloaded,
            format!("as many tasks as `queue_limit` allows wait for a worker already: {limit}"),
        ),
        End::Misconfigured(err) => (err.kind(), err.to_string()),
        End::Hook(failure) => (ErrorKind::Start, format!("under driver `{driver}` {failure}")),
        End::Unsupported(reason) => (ErrorKind::Unsupported, reason.clone()),
        End::ForkUnsafe(reason) => (ErrorKind::ForkUnsafe, reason.clone()),
        #[cfg(feature = "testing")]
        End::Told(told) => (told.kind, told.message.clone()),
    };
    Words { kind, message }
}

fn died(
    death: Death,
    words: Option<&LastWords>,
    memory_limit: Option<u64>,
    beside: usize,
) -> (ErrorKind, String) {
    match words {
        Some(LastWords::Panicked(info)) => (ErrorKind::Panicked, info.message.clone()),
        Some(LastWords::FailedAllocation) => (
            ErrorKind::OutOfMemory,
            match memory_limit {
                Some(limit) => format!("ran out of memory: its limit is {}", size::Spelled(limit)),
                None => {
                    "ran out of memory: an allocation failed and the worker was aborted".to_owned()
                }
            },
        ),
        Some(LastWords::StackOverflow) => {
            (ErrorKind::Killed, format!("overflowed its stack and {}", how(death)))
        }
        // Which of them it was, nobody knows.
        None if beside > 0 => {
            let kind = match death {
                Death::Exited(_) => ErrorKind::Exited,
                Death::Signalled(_) | Death::Unknown => ErrorKind::Killed,
            };
            let others = if beside == 1 {
                "another task".to_owned()
            } else {
                format!("{beside} other tasks")
            };
            (
                kind,
                format!(
                    "was lost with its worker, which {} while it ran {others} as well",
                    how(death)
                ),
            )
        }
        None => match death {
            Death::Exited(_) => {
                (ErrorKind::Exited, format!("{} before it gave a result", how(death)))
            }
            Death::Signalled(_) | Death::Unknown => {
                (ErrorKind::Killed, how(death) + &hint(death, memory_limit))
            }
        },
    }
}

/// Code in C that gets no memory fails in ways of its own.
fn hint(death: Death, memory_limit: Option<u64>) -> String {
    let (Death::Signalled(signal), Some(limit)) = (death, memory_limit) else {
        return String::new();
    };
    match &*signal_name(signal) {
        "SIGABRT" | "SIGSEGV" => format!(", under a memory limit of {}", size::Spelled(limit)),
        _ => String::new(),
    }
}

/// How a process ended, in words that follow a name.
pub(crate) fn how(death: Death) -> String {
    match death {
        Death::Exited(code) => format!("exited with code {code}"),
        Death::Signalled(signal) => format!("was killed by {}", signal_name(signal)),
        Death::Unknown => "ended, and another part of the program took its exit status".to_owned(),
    }
}

/// The usual name of a signal.
fn signal_name(signal: i32) -> String {
    const NAMES: [&str; 31] = [
        "SIGHUP",
        "SIGINT",
        "SIGQUIT",
        "SIGILL",
        "SIGTRAP",
        "SIGABRT",
        "SIGBUS",
        "SIGFPE",
        "SIGKILL",
        "SIGUSR1",
        "SIGSEGV",
        "SIGUSR2",
        "SIGPIPE",
        "SIGALRM",
        "SIGTERM",
        "SIGSTKFLT",
        "SIGCHLD",
        "SIGCONT",
        "SIGSTOP",
        "SIGTSTP",
        "SIGTTIN",
        "SIGTTOU",
        "SIGURG",
        "SIGXCPU",
        "SIGXFSZ",
        "SIGVTALRM",
        "SIGPROF",
        "SIGWINCH",
        "SIGIO",
        "SIGPWR",
        "SIGSYS",
    ];
    let index = usize::try_from(signal).ok().and_then(|number| number.checked_sub(1));
    match index.and_then(|index| NAMES.get(index)) {
        Some(name) => (*name).to_owned(),
        None => format!("signal {signal}"),
    }
}

/// The source chain below an error, a line each.
pub(super) fn causes(err: &dyn std::error::Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut next = err.source();
    while let Some(cause) = next {
        write!(f, "\ncaused by: {cause}")?;
        next = cause.source();
    }
    Ok(())
}

/// A line of advice, below what happened.
pub(super) fn advice(hint: Option<&str>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    hint.map_or(Ok(()), |hint| write!(f, "\nhint: {hint}"))
}

/// The backtrace of a panic, below its error.
pub(super) fn backtrace(panic: Option<&PanicInfo>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match panic.and_then(PanicInfo::backtrace) {
        Some(backtrace) => write!(f, "\nin the worker:\n{backtrace}"),
        None => Ok(()),
    }
}

/// The attempts before the last one that are kept, a line each.
pub(super) fn earlier(failures: &[TaskError], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut last: u32 = 0;
    for failure in failures {
        // One that never began is not counted among its attempts.
        let attempt = failure.attempts().saturating_add(u32::from(!failure.may_have_run()));
        let (from, to) = (last.saturating_add(1), attempt.saturating_sub(1));
        match from.cmp(&to) {
            Ordering::Less => write!(f, "\nattempts {from} to {to} are not kept")?,
            Ordering::Equal => write!(f, "\nattempt {from} is not kept")?,
            Ordering::Greater => {}
        }
        write!(f, "\nattempt {attempt}: {failure}")?;
        last = attempt;
    }
    Ok(())
}
