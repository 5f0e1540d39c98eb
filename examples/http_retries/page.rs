//! One page: how it is fetched, and how that can fail. Nothing here knows in which process it runs.

use std::error::Error;
use std::fmt;

use concur::Failure;
use concur::attr::concurrent;
use serde::{Deserialize, Serialize};

/// What was fetched.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Page {
    body: String,
}

/// Why it could not be fetched. With serde's derives the value itself gets to the caller, not only
/// its text.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum FetchError {
    Status(u16),
    Connection(String),
}

/// Fetches a page; called like this it is a function like any other. `fetch_task(url)` makes a task of
/// it that may take 20 s, and is tried three more times.
#[concurrent(timeout = "20s", retries = 3, backoff = "20ms")]
pub(crate) fn fetch(url: &str) -> Result<Page, FetchError> {
    // No timeout here: that of the task ends a read that blocks as well. And no proxy, which could
    // not find a server on this machine.
    let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None);
    let mut answer = config.build().new_agent().get(url).call()?;
    if !answer.status().is_success() {
        return Err(FetchError::Status(answer.status().as_u16()));
    }
    Ok(Page { body: answer.body_mut().read_to_string()? })
}

/// A page that is not there will not be there a moment later: not worth another attempt.
pub(crate) fn unless_it_is_gone(err: FetchError) -> Failure {
    match err {
        FetchError::Status(404 | 410) => Failure::permanent(err),
        _ => Failure::from(err),
    }
}

impl From<ureq::Error> for FetchError {
    fn from(err: ureq::Error) -> Self {
        Self::Connection(err.to_string())
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(code) => write!(f, "the server answered {code}"),
            Self::Connection(reason) => write!(f, "there was no answer: {reason}"),
        }
    }
}

impl Error for FetchError {}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.body)
    }
}
