//! Encoded values on their way: a [`Payload`] is written to, a [`Reader`] reads from.
//!
//! A payload begins in ordinary memory. Past [`INLINE_LIMIT`] it moves, once, into an arena that
//! another process can map, so that what is large is never copied again: see `arena`. Where there is
//! no other process (systems other than Linux), it stays where it is.

use crate::codec::CodecError;

#[cfg(target_os = "linux")]
pub(crate) mod arena;
#[cfg(target_os = "linux")]
use arena::Arena;

/// Up to this many bytes travel beside the message; more go through an arena.
pub(crate) const INLINE_LIMIT: usize = 64 * 1024;

/// Bytes of encoded values.
#[derive(Default)]
pub struct Payload {
    inline: Vec<u8>,
    #[cfg(target_os = "linux")]
    arena: Option<Arena>,
    #[cfg(target_os = "linux")]
    broken: Option<std::io::Error>,
}

impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Payload").field("len", &self.len()).finish_non_exhaustive()
    }
}

impl Payload {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Appends bytes. What fails here (no memory for an arena) is told by [`Payload::check`].
    #[cfg(target_os = "linux")]
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        if let Some(arena) = &mut self.arena {
            if let Err(err) = arena.write(bytes) {
                self.broken.get_or_insert(err);
            }
            return;
        }
        if self.inline.len() + bytes.len() <= INLINE_LIMIT {
            self.inline.extend_from_slice(bytes);
            return;
        }
        match Arena::obtain(self.inline.len() + bytes.len()) {
            Ok(mut arena) => {
                let moved = arena.write(&self.inline).and_then(|()| arena.write(bytes));
                if let Err(err) = moved {
                    self.broken.get_or_insert(err);
                }
                self.inline = Vec::new();
                self.arena = Some(arena);
            }
            Err(err) => {
                self.broken.get_or_insert(err);
            }
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.inline.extend_from_slice(bytes);
    }

    /// Whether everything that was written is there.
    pub(crate) fn check(&mut self) -> Result<(), CodecError> {
        #[cfg(target_os = "linux")]
        if let Some(err) = self.broken.take() {
            return Err(CodecError::new(format!("no room for a large value: {err}")));
        }
        Ok(())
    }

    /// All bytes written so far.
    pub(crate) fn bytes(&self) -> &[u8] {
        #[cfg(target_os = "linux")]
        if let Some(arena) = &self.arena {
            return arena.bytes();
        }
        &self.inline
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes().len()
    }

    /// The arena, where the payload has outgrown the inline limit.
    #[cfg(target_os = "linux")]
    pub(crate) fn arena(&self) -> Option<&Arena> {
        self.arena.as_ref()
    }

    /// Empties the payload and keeps its memory for the next value.
    pub(crate) fn clear(&mut self) {
        self.inline.clear();
        #[cfg(target_os = "linux")]
        {
            self.arena = None;
            self.broken = None;
        }
    }
}

/// Reads values one after another, from the bytes that many tasks share and then from a task's own.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    shared: &'a [u8],
    own: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { shared: &[], own: bytes }
    }

    pub(crate) fn with_shared(shared: &'a [u8], own: &'a [u8]) -> Self {
        Self { shared, own }
    }

    /// What is left of the part that is being read. A value never straddles the two parts.
    pub(crate) fn rest(&self) -> &'a [u8] {
        if self.shared.is_empty() { self.own } else { self.shared }
    }

    pub(crate) fn advance(&mut self, used: usize) {
        let part = if self.shared.is_empty() { &mut self.own } else { &mut self.shared };
        *part = part.get(used..).unwrap_or_default();
    }

    /// Bytes left over mean that the two sides do not agree on the types.
    pub(crate) fn finish(&self) -> Result<(), CodecError> {
        match self.shared.len() + self.own.len() {
            0 => Ok(()),
            left => Err(CodecError::of_two_minds(&format!("{left} bytes are left over"))),
        }
    }
}
