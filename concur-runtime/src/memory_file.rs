//! Files in memory, which other processes can map.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{MemfdFlags, SealFlags};
use rustix::process::{Resource, getrlimit};

/// A new one of this length, which never becomes shorter: a reader must not find it shorter than it
/// was, that would be SIGBUS.
pub(crate) fn create(name: &str, len: u64) -> io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let file = rustix::fs::memfd_create(name, flags)?;
    if len > 0 {
        grow(&file, len)?;
    }
    rustix::fs::fcntl_add_seals(&file, SealFlags::SHRINK)?;
    Ok(file)
}

/// Makes one longer. What is longer than this process' files may be is an error: the kernel would kill
/// the process for asking.
pub(crate) fn grow(file: impl AsFd, len: u64) -> io::Result<()> {
    match getrlimit(Resource::Fsize).current {
        Some(limit) if len > limit => Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!(
                "{len} bytes of shared memory are needed, and files of this process may have {limit} \
                 (RLIMIT_FSIZE, `ulimit -f`)"
            ),
        )),
        _ => Ok(rustix::fs::ftruncate(file, len)?),
    }
}
