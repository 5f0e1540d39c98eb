//! Forking, ending and burying processes.

use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};

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

/// Signals as a program expects them: none is blocked, and the end of a child is told.
///
/// Both are inherited, and a caller may block signals or ignore SIGCHLD: then the server would never
/// hear of a worker's end.
pub(crate) fn reset_signals() {
    // SAFETY: sets a disposition without a handler.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
    let mut set = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `sigemptyset` initializes the whole set.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: the set is initialized; the old mask is not asked for.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, set.as_ptr(), ptr::null_mut()) };
}

/// A descriptor for a child's end and other signals that are blocked here.
pub(crate) fn child_signal_descriptor() -> io::Result<OwnedFd> {
    let set = child_signal_set();
    // SAFETY: `set` is an initialized signal set; the old mask is not asked for.
    if unsafe { libc::sigprocmask(libc::SIG_BLOCK, &raw const set, ptr::null_mut()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: as above; -1 asks for a new descriptor.
    let fd = unsafe { libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just opened it for us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// A descriptor for a child's end, for a process with threads of others: one of those that does not
/// block the signal would take it from a descriptor like the one above, and throw it away.
pub(crate) fn child_signal_event() -> io::Result<OwnedFd> {
    use rustix::event::{EventfdFlags, eventfd};

    let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
    CHILD_EVENT.store(event.as_raw_fd(), Ordering::Relaxed);
    let handler: extern "C" fn(libc::c_int) = on_child_signal;
    // SAFETY: all bytes zero is a valid `sigaction`: no mask.
    let mut action = unsafe { std::mem::MaybeUninit::<libc::sigaction>::zeroed().assume_init() };
    action.sa_sigaction = handler as *const () as usize;
    action.sa_flags = libc::SA_RESTART | libc::SA_NOCLDSTOP;
    // SAFETY: the handler has the type that a plain handler has and calls only what may be called in
    // one; the old action is not asked for.
    if unsafe { libc::sigaction(libc::SIGCHLD, &raw const action, ptr::null_mut()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(event)
}

/// Where [`on_child_signal`] says that it was called.
static CHILD_EVENT: AtomicI32 = AtomicI32::new(-1);

extern "C" fn on_child_signal(_signal: libc::c_int) {
    // SAFETY: gives the address of this thread's own number of the last error.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: the address is valid for as long as the thread lives.
    let before = unsafe { *errno };
    let one = 1_u64;
    // SAFETY: `write` may be called in a handler; it reads the eight bytes of `one`. The descriptor is
    // the server's for as long as that lives; a full one has been written to, which is enough.
    unsafe { libc::write(CHILD_EVENT.load(Ordering::Relaxed), (&raw const one).cast(), 8) };
    // SAFETY: as above; whoever was interrupted finds the number unchanged.
    unsafe { *errno = before };
}

/// Lets the signal through again that [`child_signal_descriptor`] blocked: in a fork of ours.
pub(crate) fn unblock_child_signal() {
    let set = child_signal_set();
    // SAFETY: as above.
    unsafe { libc::sigprocmask(libc::SIG_UNBLOCK, &raw const set, ptr::null_mut()) };
}

fn child_signal_set() -> libc::sigset_t {
    let mut set = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `sigemptyset` initializes the whole set.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: it was initialized just now.
    let mut set = unsafe { set.assume_init() };
    // SAFETY: the set is initialized and SIGCHLD a valid signal.
    unsafe { libc::sigaddset(&raw mut set, libc::SIGCHLD) };
    set
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
