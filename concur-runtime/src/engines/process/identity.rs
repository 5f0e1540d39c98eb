//! On whose behalf a process acts. What was started by one must not work for another: a service that
//! has dropped root must never have workers that still are root.

use crate::sys::groups::Groups;

/// Who a process is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    user: u32,
    group: u32,
    groups: Groups,
}

impl Identity {
    pub(crate) fn now() -> Self {
        Self {
            user: rustix::process::geteuid().as_raw(),
            group: rustix::process::getegid().as_raw(),
            groups: Groups::now(),
        }
    }
}
