//! Who runs here: the green thread of the calling computation, and the worker of the operating-system thread.
//!
//! In mode `isolated` (and on the baton backend) `THREAD` is a thread-local of the green thread itself, set once when it starts.
//! In mode `pinned` it is the worker's, set at each switch. In both its *address* never changes while a green
//! thread runs, so it does not matter that the compiler may keep it over a switch.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

use super::control::Control;
use super::worker::Worker;

std::thread_local! {
    static THREAD: Cell<Option<&'static Control>> = const { Cell::new(None) };
    static WORKER: Cell<Option<&'static Worker>> = const { Cell::new(None) };
}

/// Mode `pinned`: green threads share the panic count of their worker.
static SHARED_PANIC_COUNT: AtomicBool = AtomicBool::new(false);

/// The calling green thread, if it is one.
#[inline]
pub(crate) fn get() -> Option<&'static Control> {
    THREAD.get()
}

#[inline]
pub(crate) fn set(control: Option<&'static Control>) {
    THREAD.set(control);
}

/// How far below its base a thread's stack surely reaches.
const NEAR: usize = 64 << 10;

/// Whether the caller runs on the stack of `control`, not too deep: then it is that thread. False says nothing.
#[inline]
pub(crate) fn is_on_stack_of(control: &Control) -> bool {
    let here = 0_u8;
    control
        .stack_base()
        .wrapping_sub(std::ptr::from_ref(&here).addr())
        < NEAR
}

/// The worker that runs the caller: a green thread, or the worker's own loop.
#[inline]
pub(crate) fn worker() -> Option<&'static Worker> {
    match get() {
        Some(control) => control.worker(),
        None => WORKER.get(),
    }
}

/// Called once by each worker's operating-system thread.
pub(crate) fn set_worker(worker: &'static Worker) {
    WORKER.set(Some(worker));
}

pub(crate) fn share_panic_count() {
    SHARED_PANIC_COUNT.store(true, Ordering::Relaxed);
}

/// Whether a switch would let other green threads see this one's panic as theirs. Then it blocks its worker instead.
#[inline]
pub(crate) fn must_not_switch() -> bool {
    SHARED_PANIC_COUNT.load(Ordering::Relaxed) && std::thread::panicking()
}
