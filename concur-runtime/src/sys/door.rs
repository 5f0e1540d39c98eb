//! The way in: where a re-executed binary turns into a fork server instead of running `main`.
//!
//! There are two doors. A constructor in `.init_array` serves programs without any set-up: tests,
//! doctests, examples, users of a library. A program whose `main` has called in (`#[concur::main]`,
//! `concur::init()`) before its first block sends its servers to `main`, and then the constructor
//! stands back. What happens behind the door, and who is let in, is decided in `worker::door`.

use std::ffi::{c_char, c_int, c_void};

type Constructor = unsafe extern "C" fn(c_int, *const *const c_char, *const *const c_char);

/// Runs before `main`, in every binary that holds the runtime.
#[used]
#[cfg(target_env = "gnu")]
#[unsafe(link_section = ".init_array")]
static DOOR: Constructor = door;

/// Where the array of constructors begins and ends. Weak, through the table that the loader fills: in
/// a shared library some linkers define neither, and then both are zero.
#[cfg(all(target_env = "gnu", target_arch = "x86_64"))]
fn constructors() -> [usize; 2] {
    let (start, end): (usize, usize);
    // SAFETY: reads two words of the global offset table, which is filled when any of our code runs.
    unsafe {
        core::arch::asm!(
            ".weak __init_array_start",
            ".weak __init_array_end",
            "mov {start}, qword ptr [rip + __init_array_start@GOTPCREL]",
            "mov {end}, qword ptr [rip + __init_array_end@GOTPCREL]",
            start = out(reg) start,
            end = out(reg) end,
            options(nostack, preserves_flags, readonly),
        );
    }
    [start, end]
}

/// See above.
#[cfg(all(target_env = "gnu", target_arch = "aarch64"))]
fn constructors() -> [usize; 2] {
    let (start, end): (usize, usize);
    // SAFETY: as above.
    unsafe {
        core::arch::asm!(
            ".weak __init_array_start",
            ".weak __init_array_end",
            "adrp {start}, :got:__init_array_start",
            "ldr {start}, [{start}, :got_lo12:__init_array_start]",
            "adrp {end}, :got:__init_array_end",
            "ldr {end}, [{end}, :got_lo12:__init_array_end]",
            start = out(reg) start,
            end = out(reg) end,
            options(nostack, preserves_flags, readonly),
        );
    }
    [start, end]
}

/// On other machines no worker comes in here.
#[cfg(all(target_env = "gnu", not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
fn constructors() -> [usize; 2] {
    [0, 0]
}

#[cfg(target_env = "gnu")]
unsafe extern "C" fn door(
    argc: c_int,
    arguments: *const *const c_char,
    envp: *const *const c_char,
) {
    if !crate::worker::door::is_for_constructor() {
        return;
    }
    crate::worker::door::enter_before_main(|| {
        // SAFETY: these are the arguments that the C library gave us as the first of the remaining
        // constructors; it has not run any of those yet, and `enter_before_main` does not come back
        // once it has called this, so each runs once, in order, as it would have.
        unsafe { run_remaining_constructors(argc, arguments, envp) }
    });
}

/// Runs the constructors that stand behind the door: C++ statics, `inventory`, `ctor`.
///
/// # Safety
///
/// Called from the door, once, with the arguments the door was given.
#[cfg(target_env = "gnu")]
unsafe fn run_remaining_constructors(
    argc: c_int,
    arguments: *const *const c_char,
    envp: *const *const c_char,
) {
    let [start, end] = constructors();
    let count = end.saturating_sub(start) / size_of::<usize>();
    if start == 0 || count == 0 {
        return;
    }
    // SAFETY: the linker sets both symbols to the ends of the array of this very object, which holds
    // one word for each constructor and is relocated by now; zero was ruled out.
    let all = unsafe {
        std::slice::from_raw_parts(std::ptr::with_exposed_provenance::<usize>(start), count)
    };
    let door_address = door as *const () as usize;
    let Some(place) = all.iter().position(|address| *address == door_address) else { return };
    for address in &all[place + 1..] {
        // Zero and minus one are fillers that some linkers leave.
        if *address == 0 || *address == usize::MAX {
            continue;
        }
        // SAFETY: every other word of the array is the address of a constructor, which the C
        // library calls with these three arguments.
        let constructor = unsafe { std::mem::transmute::<usize, Constructor>(*address) };
        // SAFETY: as above, and it has not run before.
        unsafe { constructor(argc, arguments, envp) };
    }
}

/// Whether this binary has a constructor that can let a fork server in.
pub(crate) const HAS_CONSTRUCTOR: bool = cfg!(target_env = "gnu");

/// Whether this code belongs to the program itself, not to a shared library that it loaded: only the
/// program can be executed again to get at our entry points.
pub(crate) fn is_main_executable() -> bool {
    let mut inside = false;
    // SAFETY: the callback matches the type that the function asks for, gets `inside` as its data,
    // and is called only during this call.
    unsafe { libc::dl_iterate_phdr(Some(first_object), (&raw mut inside).cast()) };
    inside
}

/// Called for the main program first; stops there.
unsafe extern "C" fn first_object(
    info: *mut libc::dl_phdr_info,
    _size: libc::size_t,
    data: *mut c_void,
) -> c_int {
    let here = is_main_executable as *const () as usize;
    // SAFETY: the dynamic linker passes a valid description of a loaded object.
    let info = unsafe { &*info };
    let base = usize::try_from(info.dlpi_addr).unwrap_or(0);
    // SAFETY: the description names `dlpi_phnum` program headers at `dlpi_phdr`.
    let headers =
        unsafe { std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
    let found = headers.iter().filter(|header| header.p_type == libc::PT_LOAD).any(|header| {
        let start = base.wrapping_add(usize::try_from(header.p_vaddr).unwrap_or(0));
        let len = usize::try_from(header.p_memsz).unwrap_or(0);
        here.wrapping_sub(start) < len
    });
    // SAFETY: `data` is the `bool` that `is_main_executable` passed.
    unsafe { *data.cast::<bool>() = found };
    1
}

/// Whether the program runs with more rights than its caller; then the environment is not obeyed.
pub(crate) fn is_set_user_id() -> bool {
    // SAFETY: reads a word that the kernel gave the process at its start.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

/// Broken pipes are errors, not signals, as std has it in `main`.
pub(crate) fn ignore_sigpipe() {
    // SAFETY: sets a disposition without a handler.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
}
