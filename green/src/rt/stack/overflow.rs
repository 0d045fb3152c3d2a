//! What happens when a green thread's stack overflows: it is named, its depth and its calls are told, the process aborts.
//!
//! The fault comes on the worker's alternate signal stack (ring 3's IST). The handler finds the slot by arithmetic on the
//! fault address, without a lock. A fault that is not a stack's guard goes to the handler that was there before: Rust's own for
//! the stacks of operating-system threads, or the program's.
//!
//! The facts are written without allocation. Symbols need the allocator, whose lock the dying thread may hold: they come last,
//! and an alarm ends the process should they hang.

#![allow(unsafe_code, reason = "fenced: installs and runs a signal handler")]

use std::cell::UnsafeCell;
use std::fmt::Write;
use std::mem::MaybeUninit;
use std::sync::Once;
use std::{io, ptr};

use super::chunk::{self, Hit};
use crate::rt::os;

/// Enough for the symboliser.
const ALTERNATE_STACK: usize = 512 << 10;

/// How many of the innermost and outermost calls are printed.
const SHOWN: usize = 16;

/// The handlers that were there before ours.
struct Earlier(UnsafeCell<MaybeUninit<[libc::sigaction; 2]>>);

// SAFETY: written once by `install`, before our handler can run; read by the handler only.
unsafe impl Sync for Earlier {}

static EARLIER: Earlier = Earlier(UnsafeCell::new(MaybeUninit::uninit()));
const SIGNALS: [libc::c_int; 2] = [libc::SIGSEGV, libc::SIGBUS];

/// Installs the handler, once a process.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the old actions are read before the new ones are set, so the handler finds them; the new action is
        // complete, and its function is async-signal-safe up to the point where the process is lost anyway.
        unsafe {
            let mut earlier: [libc::sigaction; 2] = std::mem::zeroed();
            for (signal, earlier) in SIGNALS.iter().zip(&mut earlier) {
                libc::sigaction(*signal, ptr::null(), earlier);
            }
            (*EARLIER.0.get()).write(earlier);
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = on_fault as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            libc::sigemptyset(&raw mut action.sa_mask);
            for signal in SIGNALS {
                libc::sigaction(signal, &raw const action, ptr::null_mut());
            }
        }
    });
}

/// Gives the calling operating-system thread, a worker, its alternate stack. It is never unmapped: workers live for ever.
pub(crate) fn give_alternate_stack() -> io::Result<()> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a fresh mapping, used as the signal stack of this thread only.
    unsafe {
        let memory = libc::mmap(
            ptr::null_mut(),
            ALTERNATE_STACK,
            libc::PROT_READ | libc::PROT_WRITE,
            flags,
            -1,
            0,
        );
        if memory == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let stack = libc::stack_t {
            ss_sp: memory,
            ss_flags: 0,
            ss_size: ALTERNATE_STACK,
        };
        if libc::sigaltstack(&raw const stack, ptr::null_mut()) != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

unsafe extern "C" fn on_fault(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel passes a valid report.
    let address = unsafe { (*info).si_addr() } as usize;
    match chunk::find(address) {
        Some(hit) if hit.in_guard => report(&hit, address),
        // SAFETY: same arguments, same thread.
        _ => unsafe { pass_on(signal, info, context) },
    }
}

/// Calls the earlier handler, or restores the default action, under which the fault recurs and ends the process.
unsafe fn pass_on(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: written before the handler was installed.
    let earlier = unsafe { (*EARLIER.0.get()).assume_init_ref() };
    let earlier = earlier[usize::from(signal != SIGNALS[0])];
    // SAFETY: the earlier action says which kind of function it holds; resetting is always allowed.
    unsafe {
        match earlier.sa_sigaction {
            libc::SIG_DFL | libc::SIG_IGN => {
                libc::sigaction(signal, &raw const earlier, ptr::null_mut());
            }
            handler if earlier.sa_flags & libc::SA_SIGINFO != 0 => {
                type Action = unsafe extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);
                std::mem::transmute::<usize, Action>(handler)(signal, info, context);
            }
            handler => {
                std::mem::transmute::<usize, unsafe extern "C" fn(libc::c_int)>(handler)(signal);
            }
        }
    }
}

/// Standard error, unbuffered, for formatting that does not allocate.
struct Raw;

impl Write for Raw {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        os::write_stderr(text.as_bytes());
        Ok(())
    }
}

fn report(hit: &Hit, address: usize) -> ! {
    let used = hit.control.stack_base().saturating_sub(address);
    let size = hit.control.stack_base() - hit.limit;
    let mut frames = [ptr::null_mut(); 2 * SHOWN];
    let mut count = 0;
    // SAFETY: the process is about to abort; a second thread in here would only garble the text.
    unsafe {
        backtrace::trace_unsynchronized(|frame| {
            let inside = (hit.limit..hit.control.stack_base()).contains(&(frame.sp() as usize));
            if inside {
                // The innermost fill the first half; the outermost rotate through the second.
                let place = if count < SHOWN {
                    count
                } else {
                    SHOWN + count % SHOWN
                };
                frames[place] = frame.ip();
                count += 1;
            }
            true
        });
    }
    let _ = Raw.write_str("\nthread ");
    let _ = hit.control.describe(&mut Raw);
    let _ = writeln!(
        Raw,
        " has overflowed its stack: {used} bytes deep in {count} calls, {size} bytes are its size"
    );
    let _ = writeln!(
        Raw,
        "(a larger stack: threadbare::thread::Builder::stack_size, or RUST_MIN_STACK)"
    );
    // SAFETY: these change how signals end this process, nothing else. The alarm ends it should symbols hang.
    unsafe {
        libc::signal(libc::SIGALRM, libc::SIG_DFL);
        libc::alarm(10);
    }
    for (index, frame) in frames[..count.min(SHOWN)].iter().enumerate() {
        print_frame(index, *frame);
    }
    if count > 2 * SHOWN {
        let _ = writeln!(Raw, "   … {} calls …", count - 2 * SHOWN);
    }
    for index in count.saturating_sub(SHOWN).max(SHOWN)..count {
        print_frame(index, frames[SHOWN + index % SHOWN]);
    }
    std::process::abort()
}

fn print_frame(index: usize, ip: *mut std::ffi::c_void) {
    let mut named = false;
    // SAFETY: as in `report`.
    unsafe {
        backtrace::resolve_unsynchronized(ip.wrapping_byte_sub(1), |symbol| {
            let (file, line) = (symbol.filename(), symbol.lineno());
            let _ = match (symbol.name(), file, line) {
                (Some(name), Some(file), Some(line)) => {
                    writeln!(Raw, "{index:>6}: {name:#} at {}:{line}", file.display())
                }
                (Some(name), ..) => writeln!(Raw, "{index:>6}: {name:#}"),
                (None, ..) => return,
            };
            named = true;
        });
    }
    if !named {
        let _ = writeln!(Raw, "{index:>6}: {ip:p}");
    }
}
