//! A mark on this process that others find in `/proc`: memory under a name, which holds nothing. Knows
//! nothing of what it marks.

use std::ptr;

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap};

/// Maps memory under this name until the process ends; forks do not get it, nor does what is executed.
///
/// It keeps no descriptor open. A process with a single thread calls it, so nobody forks meanwhile.
pub(crate) fn put(name: &str) -> rustix::io::Result<()> {
    // An empty file: a page that nobody may touch needs no bytes behind it.
    let file = memfd_create(name, MemfdFlags::CLOEXEC)?;
    let flags = MapFlags::SHARED;
    // SAFETY: a new mapping at an address of the kernel's choice touches no memory of ours.
    let page = unsafe { mmap(ptr::null_mut(), 1, ProtFlags::empty(), flags, &file, 0)? };
    // SAFETY: the page was mapped just now and nobody knows of it; that forks lack it harms nobody.
    unsafe { madvise(page, 1, Advice::LinuxDontFork) }
}

/// Whether this line of `/proc/PID/maps` is the mark of that name.
pub(crate) fn is_in(line: &str, name: &str) -> bool {
    // "start-end rights offset device inode", then the path, with what becomes of files without one.
    let path = line.split_ascii_whitespace().nth(5).and_then(|path| path.strip_prefix("/memfd:"));
    path == Some(name)
}

#[cfg(test)]
mod tests {
    use super::is_in;

    #[test]
    fn a_mark_is_told_by_its_whole_name() {
        let line = |path: &str| format!("7f0-7f1 ---s 00000000 00:01 1027    {path}");
        assert!(is_in(&line("/memfd:name (deleted)"), "name"));
        assert!(!is_in(&line("/memfd:name-and-more (deleted)"), "name"));
        assert!(!is_in(&line("/tmp/memfd:name"), "name"));
        assert!(!is_in(&line(""), "name"));
    }
}
