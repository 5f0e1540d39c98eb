//! The other side: a re-executed binary that came in by a door, as a fork server or as a worker.
//!
//! [`door`] lets in what belongs to a caller of ours; [`server`] forks workers and sees to their end;
//! [`serve`] is the life of a worker; [`tasks`] runs one task and is shared with driver Fork.

pub(crate) mod door;
mod members;
mod serve;
mod server;
pub(crate) mod supervisor;
pub(crate) mod tasks;

pub(crate) use serve::{knock, level};
