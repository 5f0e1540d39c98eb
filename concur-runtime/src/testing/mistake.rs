//! What a fake says of a task in words of its own, and whether somebody has heard it.
//!
//! A fake that was told too little, or something wrong, makes tasks fail. The code under test may hide
//! such a failure, and the test would pass: so the error remembers whether it was read, and the fake
//! panics when it is dropped if it was not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::ErrorKind;

/// A failure of a task, as its fake tells it.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
    pub(crate) mistake: Option<Mistake>,
}

/// A mistake of the test, which somebody should read.
#[derive(Debug, Clone)]
pub(crate) struct Mistake(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    text: String,
    was_read: AtomicBool,
}

impl Mistake {
    pub(super) fn new(text: String) -> Self {
        Self(Arc::new(Inner { text, was_read: AtomicBool::new(false) }))
    }

    pub(super) fn text(&self) -> &str {
        &self.0.text
    }

    /// Somebody reads the error that tells it.
    pub(crate) fn read(&self) {
        self.0.was_read.store(true, Ordering::Relaxed);
    }

    pub(super) fn was_read(&self) -> bool {
        self.0.was_read.load(Ordering::Relaxed)
    }
}
