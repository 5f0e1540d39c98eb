//! The error of a task as data, so that its caller gets the very value back.

use std::any::type_name;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::codec;

/// An error as data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ErrorValue {
    type_name: String,
    /// By the codec, where that can carry it.
    bytes: Option<Vec<u8>>,
    /// As JSON (feature `json`), for those that describe themselves, such as tagged enums.
    json: Option<String>,
}

/// Larger errors are told of by their messages alone.
const LARGEST: usize = 16 * 1024;

impl ErrorValue {
    /// `None` where it cannot be encoded, or is too large to travel with its message.
    pub(super) fn of<E: Serialize>(err: &E) -> Option<Self> {
        let encode = || (codec::to_vec(err).ok(), as_json(err));
        let (bytes, json) = catch_unwind(AssertUnwindSafe(encode)).ok()?;
        let bytes = bytes.filter(|bytes| bytes.len() <= LARGEST);
        let json = json.filter(|json| json.len() <= LARGEST);
        let is_there = bytes.is_some() || json.is_some();
        is_there.then(|| Self { type_name: type_name::<E>().to_owned(), bytes, json })
    }

    /// The error, if it is of this type.
    pub(crate) fn decode<E: DeserializeOwned + 'static>(&self) -> Option<E> {
        if self.type_name != type_name::<E>() {
            return None;
        }
        let decode = || {
            let by_codec = self.bytes.as_deref().and_then(|bytes| codec::decode_all(bytes).ok());
            by_codec.or_else(|| from_json(self.json.as_deref()?))
        };
        catch_unwind(AssertUnwindSafe(decode)).ok()?
    }
}

#[cfg(feature = "json")]
fn as_json<E: Serialize>(err: &E) -> Option<String> {
    serde_json::to_string(err).ok()
}

#[cfg(feature = "json")]
fn from_json<E: DeserializeOwned>(json: &str) -> Option<E> {
    serde_json::from_str(json).ok()
}

#[cfg(not(feature = "json"))]
fn as_json<E: Serialize>(_err: &E) -> Option<String> {
    None
}

#[cfg(not(feature = "json"))]
fn from_json<E: DeserializeOwned>(_json: &str) -> Option<E> {
    None
}
