//! Everything `unsafe`, each block with its proof, behind safe functions.
//!
//! Nothing here knows what a run or a driver is: these are the few things that neither std nor
//! rustix offers safely.

#[cfg(target_os = "linux")]
pub(crate) mod clock;
pub(crate) mod conjure;

#[cfg(target_os = "linux")]
pub(crate) mod child_signal;
#[cfg(target_os = "linux")]
pub(crate) mod descriptors;
#[cfg(target_os = "linux")]
pub(crate) mod door;
#[cfg(target_os = "linux")]
pub(crate) mod fork;
#[cfg(target_os = "linux")]
pub(crate) mod function_registry;
#[cfg(target_os = "linux")]
pub(crate) mod groups;
#[cfg(target_os = "linux")]
mod handler;
#[cfg(target_os = "linux")]
pub(crate) mod hook_registry;
#[cfg(target_os = "linux")]
pub(crate) mod lifeline;
#[cfg(target_os = "linux")]
pub(crate) mod mark;
#[cfg(target_os = "linux")]
pub(crate) mod memory;
#[cfg(target_os = "linux")]
pub(crate) mod own_slot;
#[cfg(target_os = "linux")]
pub(crate) mod process_local;
#[cfg(target_os = "linux")]
pub(crate) mod registry;
#[cfg(all(target_os = "linux", feature = "forward"))]
pub(crate) mod ring;
#[cfg(target_os = "linux")]
mod section;
#[cfg(target_os = "linux")]
pub(crate) mod signals;
#[cfg(target_os = "linux")]
pub(crate) mod stack;
#[cfg(target_os = "linux")]
pub(crate) mod termination;
