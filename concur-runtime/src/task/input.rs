//! The encoded captures of a task, put in one after another by the code that a macro generates.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::capture::CaptureOf;
use crate::codec::CodecError;
use crate::payload::Payload;

/// Captures on their way into a payload.
#[derive(Debug, Default)]
pub struct Input {
    payload: Payload,
    failed: Option<CodecError>,
}

impl Input {
    /// No captures yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Encodes the next capture. A value that cannot be encoded makes the run fail before anything
    /// is sent, so the error is kept until then.
    pub fn put<C: CaptureOf<V>, V>(&mut self, _capture: &C, value: &V) {
        if self.failed.is_none() {
            self.failed = encode_guarded::<C, V>(value, &mut self.payload).err();
        }
    }

    pub(crate) fn finish(self) -> Result<Payload, CodecError> {
        match self.failed {
            None => Ok(self.payload),
            Some(err) => Err(err),
        }
    }
}

/// Encodes one value; a panic of its `Serialize` is an error like any other.
pub(crate) fn encode_guarded<C: CaptureOf<V>, V>(
    value: &V,
    payload: &mut Payload,
) -> Result<(), CodecError> {
    let encoded = catch_unwind(AssertUnwindSafe(|| C::encode(value, payload)));
    encoded.unwrap_or_else(|panic| {
        Err(CodecError::new(format!(
            "its `Serialize` panicked: {}",
            super::panic::message(&*panic)
        )))
    })
}
