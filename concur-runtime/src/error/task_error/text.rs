//! How a failure is read: a line for a person, with everything else below it in `Debug`.

use std::fmt;

use super::super::describe;
use super::TaskError;
use super::facts::Facts;

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.read();
        let Facts { task, message, pid, .. } = &*self.0;
        write!(f, "task `{task}` {}", describe::verb(self.0.kind))?;
        match self.own_panic() {
            Some(panic) => write!(f, "{panic}")?,
            None => f.write_str(message)?,
        }
        let place = match (self.worker(), pid) {
            (Some(worker), _) => Some(format!("worker {worker}")),
            (None, Some(_)) => Some(format!("driver {}", self.0.driver)),
            (None, None) => None,
        };
        let is_last_of_some = !self.0.earlier.is_empty();
        let attempt = is_last_of_some.then(|| format!("after {} attempts", self.0.attempts));
        let no_time = self.0.no_time_to_retry;
        let no_time = no_time.then(|| "no time was left for another attempt".to_owned());
        let facts: Vec<String> = place.into_iter().chain(attempt).chain(no_time).collect();
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
