//! What became of a hook that did not return well, and the words that tell it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::HookSite;
use crate::duration::Spelled;
use crate::error::{PanicInfo, how};
use crate::outcome::{Death, LastWords};
use crate::task::failure::Report;

/// What a process says of a hook that returned an error or panicked in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fault {
    /// The hook's place in the registry.
    pub(crate) hook: u32,
    pub(crate) ending: FaultEnding,
}

/// See [`Fault`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum FaultEnding {
    Failed(Report),
    Panicked(PanicInfo),
}

/// Why no worker came up: a hook.
#[derive(Debug, Clone)]
pub(crate) struct HookFailure {
    pub(crate) site: HookSite,
    pub(crate) end: HookEnd,
}

/// How a hook ended, or did not.
#[derive(Debug, Clone)]
pub(crate) enum HookEnd {
    Failed(Report),
    Panicked(PanicInfo),
    /// Its process ended while it ran.
    Died {
        death: Death,
        words: Option<LastWords>,
    },
    /// It was still running after this time.
    Hung(Duration),
}

impl HookFailure {
    /// The failure of the hook at a place of the registry; `None` for a place without one.
    pub(crate) fn at(place: u32, end: HookEnd) -> Option<Self> {
        Some(Self { site: super::site(place)?, end })
    }

    pub(crate) fn from_fault(fault: Fault) -> Option<Self> {
        let end = match fault.ending {
            FaultEnding::Failed(report) => HookEnd::Failed(report),
            FaultEnding::Panicked(info) => HookEnd::Panicked(info),
        };
        Self::at(fault.hook, end)
    }

    /// What a panic of the hook said, if it ended by one.
    pub(crate) fn panic(&self) -> Option<&PanicInfo> {
        match &self.end {
            HookEnd::Panicked(info) => Some(info),
            HookEnd::Died { words: Some(LastWords::Panicked(info)), .. } => Some(info),
            _ => None,
        }
    }

    /// How the hook's process ended, if it did.
    pub(crate) fn death(&self) -> Option<Death> {
        match self.end {
            HookEnd::Died { death, .. } => Some(death),
            _ => None,
        }
    }
}

impl fmt::Display for HookFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} ", self.site)?;
        if let Some(info) = self.panic() {
            return write!(f, "panicked: {info}");
        }
        match &self.end {
            HookEnd::Failed(report) => write!(f, "failed: {}", report.message),
            HookEnd::Panicked(info) => write!(f, "panicked: {info}"),
            HookEnd::Died { death, words } => {
                let cause = match words {
                    Some(LastWords::StackOverflow) => "overflowed its stack: ",
                    Some(LastWords::FailedAllocation) => "ran out of memory: ",
                    _ => "did not return: ",
                };
                write!(f, "{cause}its process {}", how(*death))
            }
            HookEnd::Hung(limit) => write!(
                f,
                "did not return within {}: if it only needs longer, `start_limit` \
                 (CONCUR_START_LIMIT) gives it more time",
                Spelled(*limit)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hooks::Stage;

    #[test]
    fn every_end_names_the_hook_its_place_and_what_happened() {
        let site = HookSite::new(Stage::WorkerStart, "connect", "src/db.rs", 7);
        let report = Report {
            message: "refused".to_owned(),
            sources: vec!["no route".to_owned()],
            permanent: false,
            value: None,
        };
        let mut info = PanicInfo::from_message("boom".to_owned());
        (info.file, info.line, info.column) = (Some("src/db.rs".to_owned()), Some(9), Some(5));
        let exited = Death::Exited(3);
        let overflow = Some(LastWords::StackOverflow);
        for (end, said) in [
            (HookEnd::Failed(report), "failed: refused"),
            (HookEnd::Panicked(info.clone()), "panicked: boom, at src/db.rs:9:5"),
            (
                HookEnd::Died { death: exited, words: None },
                "did not return: its process exited with code 3",
            ),
            (
                HookEnd::Died {
                    death: Death::Signalled(6),
                    words: Some(LastWords::Panicked(Box::new(info))),
                },
                "panicked: boom, at src/db.rs:9:5",
            ),
            (
                HookEnd::Died { death: Death::Signalled(11), words: overflow },
                "overflowed its stack: its process was killed by SIGSEGV",
            ),
            (HookEnd::Hung(Duration::from_secs(30)), "did not return within 30s: if it only needs"),
        ] {
            let text = HookFailure { site, end }.to_string();
            let expected = format!("the on_worker_start hook `connect` (src/db.rs:7) {said}");
            assert!(text.starts_with(&expected), "{text:?} should begin with {expected:?}");
        }
    }
}
