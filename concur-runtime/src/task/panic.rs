//! What a panic says: message, place and backtrace, recorded by a hook while it happens.
//!
//! Two hooks of one kind. In a worker the hook replaces all others: it records the panics of tasks
//! and prints nothing for them, since the caller reports them. In the caller (drivers Sync and
//! Thread) it records as well, and then lets the hook that was there do its work.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::panic::PanicHookInfo;
use std::sync::Once;
#[cfg(target_os = "linux")]
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::PanicInfo;

thread_local! {
    /// Whether a task runs on this thread now.
    static IN_TASK: Cell<bool> = const { Cell::new(false) };
    /// The last panic of the task on this thread.
    static RECORD: RefCell<Option<PanicInfo>> = const { RefCell::new(None) };
    /// The one before that.
    static BEFORE: RefCell<Option<PanicInfo>> = const { RefCell::new(None) };
}

/// The message that a panic carries.
pub(crate) fn message(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "a panic whose payload is not a string".to_owned()
    }
}

/// Marks the thread as one that runs a task until the guard is dropped.
pub(crate) fn begin() -> InTask {
    RECORD.with_borrow_mut(|record| *record = None);
    BEFORE.with_borrow_mut(|before| *before = None);
    InTask { before: IN_TASK.replace(true) }
}

/// See [`begin`].
pub(crate) struct InTask {
    before: bool,
}

impl Drop for InTask {
    fn drop(&mut self) {
        IN_TASK.set(self.before);
    }
}

/// What the hook recorded of the panic that was caught just now, or what its payload alone tells.
pub(crate) fn take_record(payload: &(dyn Any + Send)) -> PanicInfo {
    let message = message(payload);
    // A panic that is carried on by `resume_unwind` calls no hook: then what was recorded is of
    // another one, which was caught before.
    RECORD
        .with_borrow_mut(Option::take)
        .filter(|record| record.message == message)
        .unwrap_or_else(|| PanicInfo::from_message(message))
}

/// Frees a payload; a payload that panics when it is dropped is left alone instead.
pub(crate) fn discard(payload: Box<dyn Any + Send>) {
    let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(payload)));
    if let Err(another) = dropped {
        std::mem::forget(another);
    }
}

fn describe(info: &PanicHookInfo<'_>) -> PanicInfo {
    let place = info.location();
    PanicInfo {
        message: message(info.payload()),
        file: place.map(|place| place.file().to_owned()),
        line: place.map(std::panic::Location::line),
        column: place.map(std::panic::Location::column),
        thread: std::thread::current().name().map(str::to_owned),
        backtrace: backtrace(),
    }
}

/// The stack as text. Looking names up costs milliseconds, so `RUST_BACKTRACE=0` turns it off.
fn backtrace() -> Option<String> {
    let wish = std::env::var_os("RUST_BACKTRACE");
    if wish.as_ref().is_some_and(|value| value == "0") {
        return None;
    }
    let whole = Backtrace::force_capture().to_string();
    let is_full = wish.is_some_and(|value| value == "full");
    Some(if is_full { whole } else { trim(&whole) })
}

/// Leaves out the frames of the panic's own machinery above the user's, and those of the runtime
/// below, as std does for `main`. What is not recognized is left whole.
fn trim(whole: &str) -> String {
    const MACHINERY: [&str; 5] = [
        "rust_begin_unwind",
        "core::panicking::",
        "core::option::",
        "core::result::",
        "std::panicking::",
    ];
    /// What calls a task, and what calls a hook.
    const CALLERS: [&str; 2] =
        ["concur_runtime::task::body::", "concur_runtime::sys::hook_registry::call"];
    let mut frames: Vec<Vec<&str>> = Vec::new();
    for line in whole.lines() {
        let begins = line.split_once(": ").is_some_and(|(number, _)| {
            number.trim_start().chars().all(|digit| digit.is_ascii_digit())
        });
        match frames.last_mut() {
            Some(frame) if !begins => frame.push(line),
            _ => frames.push(vec![line]),
        }
    }
    let is_in = |frame: &[&str], names: &[&str]| names.iter().any(|name| frame[0].contains(name));
    let end = frames.iter().position(|frame| is_in(frame, &CALLERS));
    let thrown =
        frames.iter().position(|frame| is_in(frame, &["rust_begin_unwind", "begin_panic"]));
    let (Some(end), Some(thrown)) = (end, thrown) else { return whole.to_owned() };
    let begin = (thrown..end).find(|at| !is_in(&frames[*at], &MACHINERY)).unwrap_or(thrown);
    frames[begin..end].concat().join("\n")
}

/// Makes panics of tasks in this process recorded, and printed as before.
pub(crate) fn record_in_caller() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if IN_TASK.get() {
                RECORD.with_borrow_mut(|record| *record = Some(describe(info)));
            }
            before(info);
        }));
    });
}

/// Makes panics of tasks in this worker recorded and not printed; `last_words` turns one into the
/// message that the worker sends if it dies of it. Where that is so already, nothing changes; where a
/// start hook has set another panic hook since, that one is left what no task panics with.
#[cfg(target_os = "linux")]
pub(crate) fn record_in_worker(last_words: fn(&PanicInfo) -> Vec<u8>) {
    /// Where the hook lies that was set here last.
    static OURS: AtomicUsize = AtomicUsize::new(0);

    let default = std::panic::take_hook();
    if address(&*default) == OURS.load(Ordering::Relaxed) {
        std::panic::set_hook(default);
        return;
    }
    let record = move |info: &PanicHookInfo<'_>| {
        let mut described = describe(info);
        if let Some(cause) = cause_of(&described) {
            described = cause;
        }
        crate::sys::signals::remember_panic(last_words(&described));
        if IN_TASK.get() {
            let before = RECORD.with_borrow_mut(|record| record.replace(described));
            BEFORE.with_borrow_mut(|place| *place = before);
        } else if !cfg!(panic = "abort") {
            // A thread that the task started: nobody else tells what happened to it.
            default(info);
        }
    };
    let ours: PanicHook = Box::new(move |info| crate::memory_limit::lifted(|| record(info)));
    OURS.store(address(&*ours), Ordering::Relaxed);
    std::panic::set_hook(ours);
}

/// What core says when a panic may not go on, right after the one that is the reason.
#[cfg(target_os = "linux")]
const CANNOT_UNWIND: &str = "panic in a function that cannot unwind";
#[cfg(target_os = "linux")]
const IN_CLEANUP: &str = "panic in a destructor during cleanup";

/// The panic of the task that is the reason, where this one only says that it may not go on: with its
/// own words, place and stack.
#[cfg(target_os = "linux")]
fn cause_of(last: &PanicInfo) -> Option<PanicInfo> {
    let in_cleanup = last.message == IN_CLEANUP;
    if !IN_TASK.get() || !(in_cleanup || last.message == CANNOT_UNWIND) {
        return None;
    }
    let cause = RECORD.with_borrow_mut(Option::take)?;
    // The destructor that panicked was called because of another panic.
    let first = BEFORE.with_borrow_mut(Option::take).filter(|_| in_cleanup);
    Some(match first {
        Some(first) => {
            let message =
                format!("{}, and then `{}` ({})", first.message, cause.message, last.message);
            PanicInfo { message, ..first }
        }
        None => PanicInfo { message: format!("{} ({})", cause.message, last.message), ..cause },
    })
}

/// A hook as std keeps it.
#[cfg(target_os = "linux")]
type PanicHook = Box<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

/// Tells hooks apart: ours captures something, so no other lies where it does.
#[cfg(target_os = "linux")]
fn address(hook: &(dyn Fn(&PanicHookInfo<'_>) + Send + Sync)) -> usize {
    (&raw const *hook).addr()
}

#[cfg(test)]
mod tests {
    use super::trim;

    #[test]
    fn a_backtrace_is_cut_to_the_users_frames() {
        let whole = "   0: concur_runtime::task::panic::backtrace\n             at panic.rs:80:12\n   \
                     1: __rustc::rust_begin_unwind\n   2: core::panicking::panic_fmt\n             at \
                     panicking.rs:80:14\n   3: shop::total\n             at shop.rs:7:9\n   \
                     4: app::main::{{closure}}\n   5: concur_runtime::task::body::call_with\n   6: main";
        let expected =
            "   3: shop::total\n             at shop.rs:7:9\n   4: app::main::{{closure}}";
        assert_eq!(trim(whole), expected);
    }

    #[test]
    fn an_unknown_backtrace_stays_whole() {
        assert_eq!(trim("   0: <unknown>\n   1: <unknown>"), "   0: <unknown>\n   1: <unknown>");
    }
}
