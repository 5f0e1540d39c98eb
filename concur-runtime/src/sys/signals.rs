//! Last words: what a dying worker can still say about its death.
//!
//! A stack overflow is a SIGSEGV beside the stack, a failed allocation an `abort` that came through
//! `std::alloc::handle_alloc_error`, and a panic that may not unwind an `abort` after the panic hook.
//! Handlers on an alternate stack tell them from other deaths and send one prepared message; then
//! the signal takes its course, so that the way the process ended stays true.

use std::cell::{Cell, RefCell};
use std::ffi::{c_int, c_void};
use std::os::fd::{BorrowedFd, RawFd};
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};

use super::handler::{self, Handler};

/// Where the message goes, unless the thread has a place of its own.
static SOCKET: AtomicI32 = AtomicI32::new(-1);
/// How a message for each kind of death begins (one byte), set by `install_handlers`.
static WORDS: [AtomicI32; 2] = [AtomicI32::new(0), AtomicI32::new(0)];
thread_local! {
    /// Where the message of this thread goes, if it runs tasks beside others.
    static OWN_SOCKET: Cell<RawFd> = const { Cell::new(-1) };
    /// A panic of this thread that may turn out to be its last, as a whole message.
    static PANIC: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The first bytes of the messages that the handlers send.
pub(crate) struct LastWords {
    pub(crate) stack_overflow: u8,
    pub(crate) failed_allocation: u8,
}

/// A fault so near the stack pointer is an overflow of the stack: farther than any guard and common
/// frame, nearer than anything else.
const REACH: usize = 1 << 20;

/// Makes the handlers ready, in the thread that will run tasks; forks inherit them. They say nothing
/// until [`speak_on`] gives them a socket.
pub(crate) fn install_handlers(words: &LastWords) {
    super::stack::install_alternate();
    WORDS[0].store(i32::from(words.stack_overflow), Ordering::Relaxed);
    WORDS[1].store(i32::from(words.failed_allocation), Ordering::Relaxed);
    install(libc::SIGSEGV, on_fault);
    install(libc::SIGBUS, on_fault);
    install(libc::SIGABRT, on_abort);
}

/// A process in the background is not stopped when it uses the terminal.
pub(crate) fn ignore_terminal_stops() {
    for signal in [libc::SIGTTIN, libc::SIGTTOU] {
        handler::ignore(signal);
    }
}

/// Where last words go from now on.
pub(crate) fn speak_on(socket: RawFd) {
    SOCKET.store(socket, Ordering::Relaxed);
}

/// Makes the current thread one of several that run tasks: it gets an alternate stack, and its last words
/// go to this socket. The handlers are those of the process.
#[cfg(feature = "tokio")]
pub(crate) fn speak_in_thread_on(socket: RawFd) {
    super::stack::install_alternate();
    OWN_SOCKET.set(socket);
}

/// Keeps the message of a panic of the current thread, in case the process dies of it.
pub(crate) fn remember_panic(message: Vec<u8>) {
    let _ = PANIC.try_with(|panic| panic.replace(message));
}

/// The panic was caught: it is not the last.
pub(crate) fn forget_panic() {
    remember_panic(Vec::new());
}

fn install(signal: c_int, handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void)) {
    let (informed, flags) = (Handler::Informed(handler), libc::SA_ONSTACK | libc::SA_NODEFER);
    // SAFETY: those below send what was prepared and raise the signal again, which may be done in a
    // handler; what else they call says why it may be called there.
    let _ = unsafe { handler::install(signal, informed, flags) };
}

extern "C" fn on_fault(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // So that it kills when it comes back.
    handler::set_default(signal);
    // SAFETY: with SA_SIGINFO the kernel passes a valid description.
    let info = unsafe { &*info };
    if info.si_code <= 0 {
        // Sent by `kill`: it will not come back by itself.
        // SAFETY: raising a signal is allowed in a handler.
        unsafe { libc::raise(signal) };
        return;
    }
    // SAFETY: for SIGSEGV and SIGBUS the description holds an address.
    let address = unsafe { info.si_addr() }.addr();
    if stack_pointer(context).is_some_and(|pointer| pointer.abs_diff(address) <= REACH) {
        send(&[byte(&WORDS[0])]);
    }
}

/// Where the stack was when the signal came.
#[cfg(target_arch = "x86_64")]
fn stack_pointer(context: *mut c_void) -> Option<usize> {
    // SAFETY: with SA_SIGINFO the kernel passes the context of the interrupted thread.
    let context = unsafe { &*context.cast::<libc::ucontext_t>() };
    usize::try_from(context.uc_mcontext.gregs[libc::REG_RSP as usize]).ok()
}

/// Where the stack was when the signal came.
#[cfg(target_arch = "aarch64")]
fn stack_pointer(context: *mut c_void) -> Option<usize> {
    // SAFETY: with SA_SIGINFO the kernel passes the context of the interrupted thread.
    let context = unsafe { &*context.cast::<libc::ucontext_t>() };
    usize::try_from(context.uc_mcontext.sp).ok()
}

/// Unknown on other machines: there an overflow is told as a plain fault.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn stack_pointer(_context: *mut c_void) -> Option<usize> {
    None
}

extern "C" fn on_abort(signal: c_int, _info: *mut libc::siginfo_t, _context: *mut c_void) {
    // So that it kills when it comes back.
    handler::set_default(signal);
    crate::memory_limit::give_up();
    if std::thread::panicking() {
        // The cell was made by the hook on this thread, and nothing borrows it while it panics.
        let _ = PANIC.try_with(|panic| panic.try_borrow().map(|message| send(&message)));
    } else if came_through(std::alloc::handle_alloc_error as *const () as usize) {
        send(&[byte(&WORDS[1])]);
    }
    // SAFETY: raising a signal is allowed in a handler.
    unsafe { libc::raise(signal) };
}

fn byte(word: &AtomicI32) -> u8 {
    u8::try_from(word.load(Ordering::Relaxed)).unwrap_or(0)
}

fn send(message: &[u8]) {
    // A cell that needs neither to be made nor to be dropped can be read in a handler.
    let own = OWN_SOCKET.get();
    let socket = if own >= 0 { own } else { SOCKET.load(Ordering::Relaxed) };
    if socket < 0 || message.is_empty() {
        return;
    }
    // SAFETY: the worker keeps its socket open for as long as it lives, and a thread its own.
    let socket = unsafe { BorrowedFd::borrow_raw(socket) };
    let flags = rustix::net::SendFlags::NOSIGNAL | rustix::net::SendFlags::DONTWAIT;
    let _ = rustix::net::send(socket, message, flags);
}

// The unwinder, which std links: finds the functions that are on the stack.
unsafe extern "C" {
    fn _Unwind_Backtrace(
        callback: extern "C" fn(*mut c_void, *mut c_void) -> c_int,
        data: *mut c_void,
    ) -> c_int;
    fn _Unwind_GetIP(context: *mut c_void) -> usize;
    fn _Unwind_FindEnclosingFunction(address: *mut c_void) -> *mut c_void;
}

struct Search {
    function: usize,
    found: bool,
    frames: usize,
}

/// Whether `function` is on the stack of the current thread.
fn came_through(function: usize) -> bool {
    let mut search = Search { function, found: false, frames: 0 };
    // SAFETY: the callback has the type that the unwinder asks for and gets `search`, which lives
    // until the call returns. The unwinder only reads the stack and the tables of the binary; it may
    // take a lock of the dynamic linker, which a thread that aborts because memory ran out does not
    // hold.
    unsafe { _Unwind_Backtrace(visit, (&raw mut search).cast()) };
    search.found
}

extern "C" fn visit(context: *mut c_void, data: *mut c_void) -> c_int {
    // SAFETY: `data` is the `Search` that `came_through` passed.
    let search = unsafe { &mut *data.cast::<Search>() };
    // SAFETY: the unwinder passes a valid context.
    let address = unsafe { _Unwind_GetIP(context) };
    // The return address may lie just past a function whose last instruction is the call.
    let call = ptr::without_provenance_mut::<c_void>(address.saturating_sub(1));
    // SAFETY: looks an address up in tables; any address may be asked for.
    let function = unsafe { _Unwind_FindEnclosingFunction(call) };
    search.found |= function.addr() == search.function;
    search.frames += 1;
    // Stops at a stack that is too deep to be ours.
    if search.found || search.frames > 256 { 5 } else { 0 }
}
