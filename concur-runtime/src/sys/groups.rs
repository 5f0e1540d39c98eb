//! The supplementary groups of this process, with one system call: asked before every run.

/// Almost everybody is in fewer groups than this.
const MOST: usize = 32;

/// The groups, in the order the kernel tells them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Groups {
    Few([u32; MOST], usize),
    Many(Vec<u32>),
}

impl Groups {
    pub(crate) fn now() -> Self {
        let mut groups = [0; MOST];
        let room = libc::c_int::try_from(MOST).unwrap_or(0);
        // SAFETY: there is room for as many groups as are asked for.
        let count = unsafe { libc::getgroups(room, groups.as_mut_ptr()) };
        if let Ok(count) = usize::try_from(count) {
            return Self::Few(groups, count);
        }
        let all = rustix::process::getgroups().unwrap_or_default();
        Self::Many(all.into_iter().map(rustix::process::Gid::as_raw).collect())
    }
}
