//! Forking, ending and burying processes.

use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::ptr;

use rustix::process::Pid;

/// Which side of a fork this is.
pub(crate) enum Forked {
    Parent(Pid),
    Child,
}

/// Forks this process.
///
/// The callers keep the promise that makes it safe: the process has a single thread (the fork
/// server), or the user has been told what a fork of a threaded process means and has asked for it
/// (driver Fork), so that the child may go on as an ordinary process.
pub(crate) fn fork() -> io::Result<Forked> {
    // SAFETY: `fork` itself has no preconditions. The child has a copy of all memory; locks that
    // other threads held stay locked there, which the promise above rules out or the user accepted.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(Forked::Child),
        pid => Ok(Forked::Parent(Pid::from_raw(pid).expect("a child's pid is positive"))),
    }
}

/// Executes an open file as a child in a process group of its own, with `stdin` as its standard
/// input.
pub(crate) fn execute_file(
    file: BorrowedFd<'_>,
    stdin: BorrowedFd<'_>,
    name: &OsStr,
    environment: &[(OsString, OsString)],
) -> io::Result<Pid> {
    // Everything is made before the fork: after it, in a process that may have had threads, only
    // what a signal handler may do is allowed.
    let name = CString::new(name.as_bytes())?;
    let mut words = Vec::new();
    for (variable, value) in environment {
        words.push(CString::new([variable.as_bytes(), b"=", value.as_bytes()].concat())?);
    }
    let arguments = [name.as_ptr(), ptr::null()];
    let environment: Vec<_> =
        words.iter().map(|word| word.as_ptr()).chain(std::iter::once(ptr::null())).collect();
    // SAFETY: the child calls only functions that may be called in a signal handler, on memory that
    // was made before, and then executes or ends.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            // SAFETY: see above; `setpgid` and `dup2` change this process alone.
            unsafe { libc::setpgid(0, 0) };
            // SAFETY: as above.
            unsafe { libc::dup2(stdin.as_raw_fd(), 0) };
            // SAFETY: the pointers lead to strings that end in zero, the lists end in null, and an
            // empty path with this flag means the file itself. By `syscall`, which every C library
            // has.
            unsafe {
                libc::syscall(
                    libc::SYS_execveat,
                    file.as_raw_fd(),
                    c"".as_ptr(),
                    arguments.as_ptr(),
                    environment.as_ptr(),
                    libc::AT_EMPTY_PATH,
                )
            };
            exit_now(127)
        }
        pid => Ok(Pid::from_raw(pid).expect("a child's pid is positive")),
    }
}

/// Ends the process at once: no destructors, no exit handlers, nothing flushed.
pub(crate) fn exit_now(code: i32) -> ! {
    // SAFETY: `_exit` may be called at any time, from any thread and from a signal handler.
    unsafe { libc::_exit(code) }
}

/// Buries one child that has ended, any child: its pid and wait status.
pub(crate) fn reap_any() -> Option<(Pid, i32)> {
    let mut status = 0;
    // SAFETY: `status` is a valid place for the result.
    let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) };
    Pid::from_raw(pid.max(0)).map(|pid| (pid, status))
}

/// Buries a child, if it has ended. `Err` means that it is no child of ours (any more).
pub(crate) fn reap(pid: Pid) -> io::Result<Option<i32>> {
    let mut status = 0;
    // SAFETY: as above.
    match unsafe { libc::waitpid(pid.as_raw_nonzero().get(), &raw mut status, libc::WNOHANG) } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(None),
        _ => Ok(Some(status)),
    }
}

/// Puts /dev/null where a standard descriptor is closed, as std does before `main`.
pub(crate) fn open_standard_descriptors() {
    for fd in 0..3 {
        // SAFETY: asks for the flags of a descriptor by number; a closed one is an error.
        if unsafe { libc::fcntl(fd, libc::F_GETFD) } == -1 {
            // SAFETY: the path is a C string. The lowest free number is `fd`, since those before it
            // are open by now; it stays open for good.
            unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDWR) };
        }
    }
}

/// Writes out what C libraries have buffered.
pub(crate) fn flush_c_streams() {
    // SAFETY: a null pointer asks for all streams; the C library locks each.
    unsafe { libc::fflush(ptr::null_mut()) };
}

/// Removes a variable from the environment. Only while the process has a single thread.
pub(crate) fn remove_env(name: &str) {
    // SAFETY: called by the door alone, before `main`, where no other thread reads the environment;
    // or first in `main`, where its contract says the same.
    unsafe { std::env::remove_var(name) };
}
