//! Finds a task again in another process that runs the same build.

use super::Entry;
use crate::sys::registry::slots;

/// The entry point with this id.
pub(crate) fn find(id: u32) -> Option<Entry> {
    let id = usize::try_from(id).ok()?;
    slots().get(id).map(crate::sys::registry::Slot::entry)
}

/// A number that tells builds apart: the layout of the registry and of the code it points to, hashed
/// (FNV-1a). Two builds of one layout share it, and then their registries agree as well.
pub(crate) fn fingerprint() -> u64 {
    let slots = slots();
    let offsets = slots.iter().flat_map(crate::sys::registry::Slot::offsets);
    std::iter::once(slots.len()).chain(offsets).fold(0xcbf2_9ce4_8422_2325, |hash, word| {
        word.to_le_bytes()
            .iter()
            .fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
    })
}
