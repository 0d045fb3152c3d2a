//! Making a green thread.

#![allow(unsafe_code, reason = "fenced: lays out a fresh stack")]

use std::io;
use std::sync::atomic::Ordering;

use threadbare_context::prepare;

use super::control::Control;
use super::current;
use super::runtime::Runtime;
use super::sim;
use super::stack::{class_for, class_size};
use super::switch::{self, Main, enter};
use crate::thread::Header;

/// Closures up to this size lie on the new thread's stack; larger ones are for the caller to box.
pub(crate) const INLINE_CLOSURE: usize = 1024;

/// Starts a green thread that calls `main`, which finds `closure` by [`take_closure`].
///
/// # Errors
/// When the runtime cannot start, or there is no memory for another stack; `closure` is dropped then.
///
/// # Safety
/// 1. `main` takes an `F` by `take_closure`, once, and does not unwind.
/// 2. What `closure` borrows lives until `main` has dropped it.
/// 3. `header` stays valid until `main` returns.
pub(crate) unsafe fn spawn<F>(
    stack_size: Option<usize>,
    header: *const Header,
    id: u64,
    name: Option<&str>,
    main: Main,
    closure: F,
) -> io::Result<()> {
    assert!(size_of::<F>() <= INLINE_CLOSURE && align_of::<F>() <= 64);
    let runtime = Runtime::get_or_start()?;
    let class = class_for(stack_size.unwrap_or(runtime.default_stack))?;
    let control = match current::worker() {
        Some(worker) => worker.take_slot(class)?,
        None => runtime.pool.take(class)?,
    };
    debug_assert!(class_size(class) >= 4 * INLINE_CLOSURE);
    if let Some(tls) = &runtime.tls
        && let Err(error) = tls.prepare(control)
    {
        runtime.pool.give(class, &mut std::iter::once(control));
        return Err(error);
    }
    control.word.reset();
    control.set_bound(false);
    control.set_fresh(true);
    control.header.store(header.cast_mut(), Ordering::Relaxed);
    control.id.store(id, Ordering::Relaxed);
    control.set_name(name);
    sim::adopt(control);
    control.main.store(main as *const () as usize, Ordering::Relaxed);
    let base = control.stack_base();
    let place = (base - size_of::<F>()) & !63;
    control.closure.store(place, Ordering::Relaxed);
    // SAFETY: the slot is ours; the place lies in its stack, is aligned for an `F` (at most 64) and for a stack's base, and the
    // thread starts below it. The stack lives for ever.
    unsafe {
        std::ptr::with_exposed_provenance_mut::<F>(place).write(closure);
        let address = std::ptr::from_ref(control).expose_provenance();
        control.set_stack_pointer(prepare(place, enter, address));
    }
    switch::make_runnable(control);
    sim::point("has spawned");
    Ok(())
}

/// The closure of the calling thread.
///
/// # Safety
/// Called once by the thread's `main`, with the type that it was spawned with.
pub(crate) unsafe fn take_closure<F>(control: &'static Control) -> F {
    let place = control.closure.load(Ordering::Relaxed);
    // SAFETY: `spawn` wrote it there, and it is read once.
    unsafe { std::ptr::with_exposed_provenance::<F>(place).read() }
}

/// Runs the destructors of the calling green thread's thread-locals, as at a thread's end.
pub(crate) fn finish_thread_locals(control: &'static Control) {
    if let Some(worker) = control.worker()
        && let Some(tls) = &worker.runtime.tls
    {
        tls.finish();
    }
}
