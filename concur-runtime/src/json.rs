//! Values that describe themselves, on their way through codecs that cannot carry them.

use std::ops::{Deref, DerefMut};

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};

/// A value that travels as JSON text.
///
/// The codecs between caller and worker do not write down what a value is, so values that are
/// decoded by looking at what they are cannot travel by themselves: `serde_json::Value`, and types
/// with `#[serde(flatten)]`, `#[serde(untagged)]` or `#[serde(tag = "..")]`. Nor can those that leave fields
/// out (`#[serde(skip_serializing_if = "..")]`). Wrapped in `Json` they do, captured or returned.
///
/// A task captures fields by their path, so one that says `wrapped.0` captures what is inside, without
/// the wrapper. Say `wrapped`, which derefs to it.
///
/// # Examples
///
/// ```
/// use concur::{concurrent, Json};
///
/// let settings = Json(serde_json::json!({ "depth": 3, "names": ["a", "b"] }));
/// let (reply,) = concurrent! {
///     reply => {
///         let depth = settings["depth"].as_u64().unwrap_or(0);
///         Json(serde_json::json!({ "doubled": depth * 2 }))
///     },
/// }
/// .run()?;
/// assert_eq!(reply.into_inner()["doubled"], 6);
/// # Ok::<(), concur::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Json<T>(pub T);

impl<T> Json<T> {
    /// The value itself.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Json<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> From<T> for Json<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: Serialize> Serialize for Json<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = serde_json::to_string(&self.0).map_err(ser::Error::custom)?;
        serializer.serialize_str(&text)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Json<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        serde_json::from_str(&text).map(Self).map_err(D::Error::custom)
    }
}
