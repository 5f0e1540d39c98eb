//! The other side: a re-executed binary that came in by a door, as a fork server or as a worker.
//!
//! [`door`] lets in what belongs to a caller of ours; [`server`] forks workers and sees to their end;
//! [`serve`] is the life of a worker, `lanes` that of one that runs several async tasks at once; [`hooks`]
//! runs what a user wants done before tasks; [`tasks`] runs one task and is shared with driver Fork.

pub(crate) mod door;
pub(crate) mod hooks;
#[cfg(feature = "tokio")]
mod lanes;
pub(crate) mod mark;
mod members;
mod serve;
mod server;
pub(crate) mod supervisor;
pub(crate) mod tasks;

pub(crate) use serve::{drop_what_is_kept, knock, level};
