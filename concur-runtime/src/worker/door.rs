//! Who comes in by a door: a process that the environment names, with a socket of ours as standard
//! input, whose caller is its parent and alive.
//!
//! Anything else is a program like any other and starts as always. A process whose caller is gone
//! already ends here: it must not run `main`, which has run once.

use std::os::fd::{OwnedFd, RawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::net::{AddressFamily, RecvFlags, SocketType, sockopt};

use crate::sys::{child_signal, descriptors, door, fork};
use crate::wire::{Command, MAGIC};

/// The variable that names a process of ours.
pub(crate) const VARIABLE: &str = "CONCUR_SERVER";

/// Where a process of ours comes in, as the variable says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    Constructor,
    Main,
}

impl Door {
    fn value(self) -> &'static str {
        match self {
            Self::Constructor => "constructor",
            Self::Main => "main",
        }
    }
}

/// Whether `main` of this process has called in.
static MAIN_CALLED_IN: AtomicBool = AtomicBool::new(false);

/// What the variable says for processes that this one starts.
///
/// They come in by `main` only where this one has: then the program calls in at its beginning, and
/// what is executed anew gets there as well. That some code holds such a call says nothing: it may be
/// in a library, in another program of the package, or never reached, and `main` would run a second
/// time. The answer stays the same from the first such process on: a `main` that calls in after that has
/// run a block before, and would run it again.
pub(crate) fn value() -> &'static str {
    static DOOR: OnceLock<Door> = OnceLock::new();
    let door = DOOR.get_or_init(|| {
        let is_main = MAIN_CALLED_IN.load(Ordering::Relaxed) || !door::HAS_CONSTRUCTOR;
        if is_main { Door::Main } else { Door::Constructor }
    });
    door.value()
}

/// Whether a process that this one starts finds a way in.
pub(crate) fn is_there() -> bool {
    door::HAS_CONSTRUCTOR || MAIN_CALLED_IN.load(Ordering::Relaxed)
}

/// The one look at the environment that every start of a program pays for.
pub(crate) fn is_for_constructor() -> bool {
    std::env::var_os(VARIABLE).is_some_and(|value| value == Door::Constructor.value())
}

/// Whether the environment names this process as one of ours.
pub(crate) fn is_named_in_environment() -> bool {
    std::env::var_os(VARIABLE).is_some()
}

/// Who stands at the door.
enum Visitor {
    /// A program like any other.
    Stranger,
    /// A process of ours that comes too late.
    Orphan,
    /// A fork server or worker.
    Ours,
}

/// The constructor's door. Comes back only for a stranger.
pub(crate) fn enter_before_main(run_remaining_constructors: impl FnOnce()) {
    match visitor() {
        Visitor::Stranger => {}
        Visitor::Orphan => fork::exit_now(0),
        Visitor::Ours => live(|| {
            // What std does before `main`.
            fork::open_standard_descriptors();
            door::ignore_sigpipe();
            run_remaining_constructors();
        }),
    }
}

/// The door in `main`. Comes back only for a stranger.
pub(crate) fn enter_in_main() {
    // In another thread this is no `main`, but perhaps a test that calls what `main` calls.
    if rustix::thread::gettid() == rustix::process::getpid() {
        MAIN_CALLED_IN.store(true, Ordering::Relaxed);
    }
    if !is_named_in_environment() {
        return;
    }
    match visitor() {
        Visitor::Stranger => {}
        Visitor::Orphan => fork::exit_now(0),
        Visitor::Ours => live(|| {}),
    }
}

fn visitor() -> Visitor {
    if door::is_set_user_id() || !door::is_main_executable() {
        return Visitor::Stranger;
    }
    let stdin = rustix::stdio::stdin();
    let is_unix = sockopt::socket_domain(stdin) == Ok(AddressFamily::UNIX);
    if !is_unix || sockopt::socket_type(stdin) != Ok(SocketType::SEQPACKET) {
        return Visitor::Stranger;
    }
    let mut first = [0_u8; MAGIC.len()];
    let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
    match rustix::net::recv(stdin, &mut first, flags) {
        Ok(_) if first == MAGIC => {}
        _ => return Visitor::Stranger,
    }
    let caller = sockopt::socket_peercred(stdin).ok().map(|credentials| credentials.pid);
    if caller.is_some() && caller == rustix::process::getppid() {
        Visitor::Ours
    } else {
        Visitor::Orphan
    }
}

/// Becomes what the first message says, for the rest of the process' life.
fn live(prepare: impl FnOnce()) -> ! {
    // What a task starts must not come to the door.
    fork::remove_env(VARIABLE);
    child_signal::reset_signals();
    let lived = catch_unwind(AssertUnwindSafe(|| {
        let Ok(control) = take_stdin() else { return };
        // What the caller left open without meaning to give it away.
        close_inherited();
        prepare();
        let Ok(Some(first)) = crate::channel::receive(&control, true) else { return };
        match Command::from_bytes(&first.bytes) {
            Ok(Command::Hello(hello)) => super::server::serve(control, hello, first.descriptors),
            Ok(Command::Serve { slot, level, lanes, file }) => {
                crate::config::inherit(file);
                super::serve::executed(slot, level, &lanes, first.descriptors);
            }
            Ok(Command::Supervise { file }) => {
                crate::config::inherit(file);
                super::tasks::prepare();
                let mut descriptors = first.descriptors.into_iter();
                if let Some(caller) = descriptors.next() {
                    super::supervisor::live(caller, descriptors.next());
                }
            }
            _ => {}
        }
    }));
    fork::exit_now(if lived.is_ok() { 0 } else { 70 })
}

/// How many descriptors are open most of the time: the three standard ones and ours.
const USUAL: usize = 4;

/// Closes what the caller left open for its children without knowing of this one.
fn close_inherited() {
    // Newer kernels tell how many are open as the size of the folder; older ones say zero.
    let folder = rustix::fs::stat("/proc/self/fd");
    let count = folder.map_or(0, |folder| usize::try_from(folder.st_size).unwrap_or(0));
    if count == USUAL {
        return;
    }
    let few = if count > 0 { descriptors::find(count) } else { None };
    let numbers = few.unwrap_or_else(listed);
    numbers.into_iter().filter(|number| *number > 2).for_each(descriptors::close_if_inherited);
}

/// The numbers of all open descriptors, from the folder: that takes the kernel longer.
fn listed() -> Vec<RawFd> {
    let Ok(open) = std::fs::read_dir("/proc/self/fd") else { return Vec::new() };
    open.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// The control socket, taken from standard input, which is empty from then on.
fn take_stdin() -> rustix::io::Result<OwnedFd> {
    let control = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
    super::tasks::empty_stdin()?;
    Ok(control)
}
