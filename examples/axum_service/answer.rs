//! From an error of concur to an answer over HTTP.
//!
//! The client learns what kind of failure it was and of which task, and nothing that is not its
//! business; the whole story goes to the log, here standard error.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use concur::ErrorKind;

/// An answer that is not the one that was asked for.
pub(crate) enum Answer {
    NotFound,
    Failed(concur::Error),
}

/// For `?` in handlers.
impl From<concur::Error> for Answer {
    fn from(err: concur::Error) -> Self {
        Self::Failed(err)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let err = match self {
            Self::NotFound => return StatusCode::NOT_FOUND.into_response(),
            Self::Failed(err) => err,
        };
        eprintln!("{err:?}");
        let kind = err.kind();
        let body = Json(serde_json::json!({ "error": kind.to_string(), "task": err.task() }));
        match kind {
            // The task was stopped: the process that answers late is not there any more.
            ErrorKind::TimedOut => (StatusCode::GATEWAY_TIMEOUT, body).into_response(),
            // Too much to do, or about to end. The client may come back.
            ErrorKind::Overloaded | ErrorKind::Cancelled => {
                let later = [(header::RETRY_AFTER, "1")];
                (StatusCode::SERVICE_UNAVAILABLE, later, body).into_response()
            }
            // Failed, Panicked, Killed, Exited, OutOfMemory: a fault of ours, and of that one request.
            _ => (StatusCode::INTERNAL_SERVER_ERROR, body).into_response(),
        }
    }
}
