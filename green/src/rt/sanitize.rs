//! What ThreadSanitizer, AddressSanitizer and Valgrind want to be told about stacks.
//!
//! A tool that is there is found at start: its functions are weak symbols, so nothing has to be configured and ordinary builds are what
//! they were. For ThreadSanitizer each green thread is a fiber: it reports races between green threads on different workers, by name.
//! AddressSanitizer learns which stack runs, Valgrind which memory is a stack.
//!
//! The tools keep their own state in the operating-system thread's thread-locals, so with one of them the mode is `pinned`.
//!
//! Rules:
//! 1. `before` is the last call before a switch, inlined into the function that switches: ThreadSanitizer counts calls and returns for
//!    each fiber, and a function that began on one and returned on another would confuse it.
//! 2. `after` is the first call of whoever arrives.

#![allow(unsafe_code, reason = "fenced: calls the tools' functions")]

use std::arch::asm;
use std::ffi::{c_char, c_uint, c_void};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::control::Control;
use super::stack;
use super::worker::Worker;

/// What a tool knows a computation by: a green thread, or a worker's loop.
#[derive(Default)]
pub(crate) struct Known {
    /// ThreadSanitizer's; 0 before it is made.
    fiber: AtomicUsize,
    /// AddressSanitizer's, while the computation is suspended.
    fake_stack: AtomicUsize,
    /// The stack of a worker's loop.
    bottom: AtomicUsize,
    size: AtomicUsize,
}

#[repr(C)]
struct Fibers {
    current: unsafe extern "C" fn() -> *mut c_void,
    create: unsafe extern "C" fn(c_uint) -> *mut c_void,
    destroy: unsafe extern "C" fn(*mut c_void),
    switch: unsafe extern "C" fn(*mut c_void, c_uint),
    name: unsafe extern "C" fn(*mut c_void, *const c_char),
}

#[repr(C)]
struct Stacks {
    start: unsafe extern "C" fn(*mut *mut c_void, *const c_void, usize),
    finish: unsafe extern "C" fn(*mut c_void, *mut *const c_void, *mut usize),
    unpoison: unsafe extern "C" fn(*const c_void, usize),
}

/// The tools that are there, at least one.
pub(crate) struct Sanitizer {
    fibers: Option<Fibers>,
    stacks: Option<Stacks>,
}

/// The address of a function if the program has it, by a weak reference.
macro_rules! weak {
    ($name:literal) => {{
        let address: usize;
        // SAFETY: loads a word of the program's table of addresses, which holds 0 if nobody defines the symbol.
        unsafe {
            asm!(
                concat!(".weak ", $name),
                concat!("mov {}, qword ptr [rip + ", $name, "@GOTPCREL]"),
                out(reg) address,
                options(nostack, preserves_flags, readonly)
            );
        }
        address
    }};
}

impl Sanitizer {
    /// The tools in this process, if any.
    pub(super) fn get() -> Option<&'static Sanitizer> {
        static FOUND: OnceLock<Option<Sanitizer>> = OnceLock::new();
        FOUND.get_or_init(Sanitizer::find).as_ref()
    }

    #[cfg(any(feature = "baton", miri))]
    fn find() -> Option<Sanitizer> {
        None
    }

    #[cfg(not(any(feature = "baton", miri)))]
    fn find() -> Option<Sanitizer> {
        let fibers = [
            weak!("__tsan_get_current_fiber"),
            weak!("__tsan_create_fiber"),
            weak!("__tsan_destroy_fiber"),
            weak!("__tsan_switch_to_fiber"),
            weak!("__tsan_set_fiber_name"),
        ];
        let stacks = [
            weak!("__sanitizer_start_switch_fiber"),
            weak!("__sanitizer_finish_switch_fiber"),
            weak!("__asan_unpoison_memory_region"),
        ];
        // SAFETY: by their names, functions of these types (sanitizer/tsan_interface.h, common_interface_defs.h, asan_interface.h).
        let found = unsafe {
            Sanitizer {
                fibers: (!fibers.contains(&0)).then(|| std::mem::transmute::<[usize; 5], Fibers>(fibers)),
                stacks: (!stacks.contains(&0)).then(|| std::mem::transmute::<[usize; 3], Stacks>(stacks)),
            }
        };
        (found.fibers.is_some() || found.stacks.is_some()).then_some(found)
    }

    /// A worker's operating-system thread announces itself.
    pub(super) fn enter_loop(&self, worker: &Worker) {
        let known = worker.known();
        if let Some(fibers) = &self.fibers {
            // SAFETY: no preconditions.
            known
                .fiber
                .store(unsafe { (fibers.current)() } as usize, Ordering::Relaxed);
        }
        if self.stacks.is_some() {
            let (bottom, size) = super::os::stack_of_this_thread();
            known.bottom.store(bottom, Ordering::Relaxed);
            known.size.store(size, Ordering::Relaxed);
        }
    }

    /// `from` (nobody: the worker's loop) is about to switch to `to`; `last` if it will never come back.
    #[inline(always)]
    pub(super) fn before(&self, worker: &Worker, from: Option<&Control>, to: Option<&Control>, last: bool) {
        let from = from.map_or(worker.known(), |control| &control.known);
        if let Some(stacks) = &self.stacks {
            let (bottom, size) = match to {
                Some(control) => stack::extent(control),
                None => (
                    worker.known().bottom.load(Ordering::Relaxed),
                    worker.known().size.load(Ordering::Relaxed),
                ),
            };
            let save = if last {
                std::ptr::null_mut()
            } else {
                from.fake_stack.as_ptr().cast()
            };
            // SAFETY: the place is null or valid for a write, the bounds are those of the stack that is switched to.
            unsafe { (stacks.start)(save, std::ptr::with_exposed_provenance(bottom), size) };
        }
        if let Some(fibers) = &self.fibers {
            let fiber = match to {
                Some(control) => fibers.of(control),
                None => worker.known().fiber.load(Ordering::Relaxed),
            };
            // SAFETY: the fiber lives; no flags: a switch orders what both sides do.
            unsafe { (fibers.switch)(std::ptr::with_exposed_provenance_mut(fiber), 0) };
        }
    }

    /// Who is known by `known` has arrived.
    #[inline(always)]
    pub(super) fn after(&self, known: &Known) {
        if let Some(stacks) = &self.stacks {
            let saved = std::ptr::with_exposed_provenance_mut(known.fake_stack.swap(0, Ordering::Relaxed));
            // SAFETY: what `before` saved for this computation, or null for a fresh one; the outputs are not wanted.
            unsafe { (stacks.finish)(saved, std::ptr::null_mut(), std::ptr::null_mut()) };
        }
    }

    /// The thread has ended and its stack was left.
    pub(super) fn ended(&self, control: &Control) {
        let fiber = control.known.fiber.swap(0, Ordering::Relaxed);
        if let Some(fibers) = &self.fibers
            && fiber != 0
        {
            // SAFETY: made by `of`, and not the current one any more.
            unsafe { (fibers.destroy)(std::ptr::with_exposed_provenance_mut(fiber)) };
        }
        if let Some(stacks) = &self.stacks {
            let (bottom, size) = stack::extent(control);
            // SAFETY: the whole stack, on which nothing lives.
            unsafe { (stacks.unpoison)(std::ptr::with_exposed_provenance(bottom), size) };
        }
    }
}

impl Fibers {
    /// The fiber of a thread, made and named when it is first switched to.
    fn of(&self, control: &Control) -> usize {
        let known = control.known.fiber.load(Ordering::Relaxed);
        if known != 0 {
            return known;
        }
        let mut name = String::from("green thread ");
        let _ = control.describe(&mut name);
        name.push('\0');
        // SAFETY: no preconditions; the name is a C string, and copied.
        let fiber = unsafe {
            let fiber = (self.create)(0);
            (self.name)(fiber, name.as_ptr().cast());
            fiber as usize
        };
        control.known.fiber.store(fiber, Ordering::Relaxed);
        fiber
    }
}

/// A request to Valgrind (valgrind.h): nothing happens outside of it, and the answer is then `default`.
#[cfg(not(any(feature = "baton", miri)))]
fn ask_valgrind(request: usize, arguments: [usize; 2], default: usize) -> usize {
    let block = [request, arguments[0], arguments[1], 0, 0, 0];
    let answer;
    // SAFETY: the rotations add up to 128 bits and the exchange is of a register with itself: no effect on a processor.
    unsafe {
        asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") &raw const block,
            inout("rdx") default => answer,
            inout("rdi") 0_usize => _,
            options(nostack)
        );
    }
    answer
}

/// Whether Valgrind runs this process.
pub(super) fn is_under_valgrind() -> bool {
    const RUNNING_ON_VALGRIND: usize = 0x1001;
    #[cfg(not(any(feature = "baton", miri)))]
    return ask_valgrind(RUNNING_ON_VALGRIND, [0, 0], 0) != 0;
    #[cfg(any(feature = "baton", miri))]
    false
}

/// Tells Valgrind that `[limit, base)` is a stack.
pub(super) fn register_stack(limit: usize, base: usize) {
    const STACK_REGISTER: usize = 0x1501;
    #[cfg(not(any(feature = "baton", miri)))]
    ask_valgrind(STACK_REGISTER, [limit, base], 0);
    let _ = (limit, base, STACK_REGISTER);
}
