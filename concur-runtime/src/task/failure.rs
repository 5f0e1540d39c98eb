//! What `?` makes inside a task: a failure whose message and source chain cross the boundary.

use std::error::Error;

use serde::{Deserialize, Serialize};

use super::error_value::ErrorValue;

/// How many sources of an error are carried at the most.
const DEEPEST_CHAIN: usize = 64;

/// Why a task failed: made by `?` from any error, and sent to the caller.
///
/// Any error that is `Into<Box<dyn Error + Send + Sync>>` becomes a failure, so the errors of
/// libraries, `anyhow::Error`, `&str` and `String` all work with `?` inside a task. The caller gets
/// an error of the kind [`Failed`](crate::ErrorKind::Failed) with the same message, and the same
/// messages along its [`source`](std::error::Error::source) chain (64 at the most).
///
/// # Examples
///
/// ```
/// use concur::Failure;
///
/// fn parse(text: &str) -> Result<u16, Failure> {
///     if text.is_empty() {
///         return Err(Failure::from("nothing to parse"));
///     }
///     Ok(text.parse::<u16>()?)
/// }
/// assert!(parse("x").is_err());
/// ```
#[derive(Debug)]
pub struct Failure(Report);

/// What crosses the boundary of a failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) message: String,
    pub(crate) sources: Vec<String>,
    pub(crate) permanent: bool,
    /// The error itself: of an annotated function whose error type can travel, and of a failure that
    /// was made to carry it.
    pub(crate) value: Option<Box<ErrorValue>>,
}

impl Failure {
    /// A failure that trying again cannot mend: a task that fails with it is not retried.
    ///
    /// # Examples
    ///
    /// ```
    /// use concur::Failure;
    ///
    /// fn check(token: &str) -> Result<(), Failure> {
    ///     if token.is_empty() { Err(Failure::permanent("there is no token")) } else { Ok(()) }
    /// }
    /// assert!(check("").is_err());
    /// ```
    pub fn permanent(err: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::from(err).permanently()
    }

    /// A failure that carries the error itself, so that the caller gets the very value back by
    /// [`TaskError::decode_error`](crate::TaskError::decode_error), beside its message and sources.
    ///
    /// For tasks of blocks, and for functions that return a `Failure`; an annotated function whose own
    /// error type can travel does the same by itself. An error of more than 16 KiB, or one whose
    /// `Serialize` fails, is told of by its messages alone.
    ///
    /// # Examples
    ///
    /// ```
    /// use concur::{Failure, concurrent};
    ///
    /// fn sold(year: u16) -> Result<u32, String> {
    ///     if year < 2000 { Err(format!("no sales in {year}")) } else { Ok(7) }
    /// }
    ///
    /// let year = 1999;
    /// let err = concurrent! { sold => sold(year).map_err(Failure::carrying)? }.run().unwrap_err();
    /// assert_eq!(err.failures()[0].decode_error(), Some("no sales in 1999".to_owned()));
    /// ```
    pub fn carrying<E>(err: E) -> Self
    where
        E: Into<Box<dyn Error + Send + Sync>> + Serialize,
    {
        let value = ErrorValue::of(&err).map(Box::new);
        let mut failure = Self::from(err);
        failure.0.value = value;
        failure
    }

    /// The same failure, as one that trying again cannot mend, like [`permanent`](Self::permanent).
    ///
    /// # Examples
    ///
    /// ```
    /// use concur::Failure;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Debug, Serialize, Deserialize)]
    /// enum FetchError {
    ///     Busy,
    ///     Gone,
    /// }
    ///
    /// impl std::fmt::Display for FetchError {
    ///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    ///         write!(f, "{self:?}")
    ///     }
    /// }
    ///
    /// impl std::error::Error for FetchError {}
    ///
    /// fn as_failure(err: FetchError) -> Failure {
    ///     match err {
    ///         FetchError::Busy => Failure::carrying(err),
    ///         FetchError::Gone => Failure::carrying(err).permanently(),
    ///     }
    /// }
    /// # as_failure(FetchError::Busy);
    /// # as_failure(FetchError::Gone);
    /// ```
    #[must_use]
    pub fn permanently(mut self) -> Self {
        self.0.permanent = true;
        self
    }

    pub(crate) fn into_report(self) -> Report {
        self.0
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for Failure {
    fn from(err: E) -> Self {
        let err = err.into();
        let mut sources = Vec::new();
        let mut next = err.source();
        while let Some(source) = next.filter(|_| sources.len() < DEEPEST_CHAIN) {
            sources.push(source.to_string());
            next = source.source();
        }
        Self(Report { message: err.to_string(), sources, permanent: false, value: None })
    }
}
