//! Changing from one thread to the next, on one worker.
//!
//! A thread that waits finds its successor itself and jumps straight to it: the scheduler has no stack of its own in the hot
//! path. Only a worker with nothing to run switches to its loop (`rt::idle`).
//!
//! Rules:
//! 1. A thread that leaves says in `Worker::after` what shall become of it; the computation that runs next on that worker does so
//!    first of all. So nobody can resume a thread before its state is saved.
//! 2. A thread that comes back may be on another worker. It reads its worker anew from its control block.
//! 3. In mode `isolated` the FS base changes in the same assembly as the stack. In mode `pinned` the thread-local that
//!    names the current thread changes right after.

#![allow(unsafe_code, reason = "fenced: switches stacks")]

use std::sync::atomic::{AtomicUsize, Ordering};

use threadbare_context::{BATON, StackPointer, leave, switch};

use super::control::{Control, State};
use super::current;
use super::freeze;
use super::runtime::Runtime;
use super::sim;
use super::waiter::Waiter;
use super::worker::{After, Worker};

/// Suspends the calling thread until its word is set.
#[inline(always)]
pub(super) fn suspend(me: &'static Control, why: State) {
    let worker = worker_of(me);
    me.set_state(why);
    let next = worker.next_thread();
    worker.after().set(After::Suspended(me));
    switch_away(worker, me, next);
}

/// Suspends the calling thread, and once its state is saved exchanges `from` for its number in `place`. Whoever takes the number out
/// makes it runnable. If the place holds something else, the thread goes on at once.
///
/// Compared with a wait on the thread's word this saves two atomic operations: the number is only ever seen when it may be
/// resumed.
#[inline(always)]
pub(super) fn suspend_published(me: &'static Control, place: &AtomicUsize, from: usize, why: State) {
    let worker = worker_of(me);
    me.set_state(why);
    let next = worker.next_thread();
    worker.after().set(After::Published {
        control: me,
        place,
        from,
    });
    switch_away(worker, me, next);
}

/// Lets others run first.
#[inline(always)]
pub(crate) fn yield_now() {
    let Some(me) = current::get() else {
        std::thread::yield_now();
        return;
    };
    if sim::yield_now() {
        return;
    }
    let worker = worker_of(me);
    if current::must_not_switch() {
        std::thread::yield_now();
    } else if let Some(next) = worker.next_thread() {
        me.set_state(State::Runnable);
        worker.after().set(After::Yielded(me));
        switch_away(worker, me, Some(next));
    }
}

/// Lets `next` run first, or else the worker's loop; `me` is runnable.
#[cfg(feature = "sim")]
pub(super) fn leave_for(me: &'static Control, next: Option<&'static Control>) {
    let worker = worker_of(me);
    me.set_state(State::Runnable);
    worker.after().set(After::Yielded(me));
    switch_away(worker, me, next);
}

/// Makes a thread runnable that waited or is new: next on this worker, or, from elsewhere, wherever it may run.
#[inline]
pub(super) fn make_runnable(control: &'static Control) {
    control.set_state(State::Runnable);
    if let Some(worker) = current::worker()
        && !sim::is_foreign(worker, control)
    {
        worker.push_next(control);
    } else if control.is_bound() {
        control
            .worker()
            .expect("a bound thread has a worker")
            .deliver(control);
    } else {
        Runtime::get()
            .expect("threads exist only in a runtime")
            .inject(control);
    }
}

#[inline]
fn worker_of(me: &'static Control) -> &'static Worker {
    me.worker().expect("a running thread has a worker")
}

/// Leaves `me` for `next`, or for the worker's loop. Returns when `me` is resumed.
///
/// Inlined all the way into the interfaces above: each function that returns after a switch returns to where the CPU's return
/// predictor does not expect it, for it remembers the calls of the thread that was left (measured: 5 ns each).
#[inline(always)]
fn switch_away(worker: &'static Worker, me: &'static Control, next: Option<&'static Control>) {
    let (target, thread_pointer) = target_of(worker, next);
    announce(worker, Some(me), next, false);
    // SAFETY: `next` came out of a queue, which owned it, and was suspended or prepared before it got in (rule 1); the loop
    // was suspended when it switched to the first thread. Both are resumed once, here. What `me` borrows lives on its
    // stack, which nobody frees while it is suspended.
    unsafe { raw_switch(worker, me.save(), target, thread_pointer) };
    arrive(me);
}

/// Where to go, and marks it as running.
#[inline]
fn target_of(worker: &'static Worker, next: Option<&'static Control>) -> (StackPointer, usize) {
    worker.set_running(next);
    match next {
        Some(next) => {
            next.set_on_processor(true);
            freeze::wait_while_frozen();
            next.set_worker(worker);
            next.set_state(State::Running);
            (next.stack_pointer(), next.thread_pointer.load(Ordering::Relaxed))
        }
        None => (
            worker.idle_stack(),
            worker.idle_thread_pointer.load(Ordering::Relaxed),
        ),
    }
}

/// Tells the tools that follow stacks, if there are any. The last call before a switch (rule 1 of `rt::sanitize`).
#[inline(always)]
fn announce(worker: &Worker, from: Option<&Control>, to: Option<&Control>, last: bool) {
    if !worker.isolated
        && let Some(sanitizer) = worker.sanitizer
    {
        sanitizer.before(worker, from, to, last);
    }
}

/// # Safety
/// The duties of [`switch`]; `thread_pointer` is that of the target's block in mode isolated.
#[inline(always)]
unsafe fn raw_switch(
    worker: &'static Worker,
    save: *mut StackPointer,
    target: StackPointer,
    thread_pointer: usize,
) {
    #[cfg(not(any(feature = "baton", miri)))]
    if worker.isolated {
        // SAFETY: the caller's; mode isolated runs only where `wrfsbase` is allowed, and blocks belong to their threads.
        unsafe { threadbare_context::switch_with_thread_pointer(save, target, 0, thread_pointer) };
        return;
    }
    let _ = (worker, thread_pointer);
    // SAFETY: the caller's.
    unsafe { switch(save, target, 0) };
}

/// First thing on a stack that was switched to: names the current thread, and settles the former one.
#[inline(always)]
fn arrive(me: &'static Control) {
    let worker = worker_of(me);
    if !worker.isolated && !BATON {
        current::set(Some(me));
        if let Some(sanitizer) = worker.sanitizer {
            sanitizer.after(&me.known);
        }
    }
    settle(worker);
}

/// Does what the former computation left to do (rule 1).
#[inline(never)]
fn settle(worker: &'static Worker) {
    // Two compared first and the rest apart, so that this is no jump through a table, which would be mispredicted.
    match worker.after().replace(After::Nothing) {
        After::Published { control, place, from } => {
            // SAFETY: the thread that was switched away from borrows the place, and waits until its number is there.
            let place = unsafe { &*place };
            let number = Waiter::Suspended(control).to_bits().get();
            control.set_on_processor(false);
            // Release publishes the saved state; acquire pairs with whoever was here first.
            if place
                .compare_exchange(from, number, Ordering::AcqRel, Ordering::Acquire)
                .is_err()
            {
                control.set_state(State::Runnable);
                worker.push_next(control);
            }
        }
        After::Yielded(former) => {
            former.set_on_processor(false);
            worker.push_back(former);
        }
        other => settle_other(worker, other),
    }
}

#[inline(never)]
fn settle_other(worker: &'static Worker, after: After) {
    match after {
        After::Ended(former) => {
            former.set_on_processor(false);
            if let Some(sanitizer) = worker.sanitizer {
                sanitizer.ended(former);
            }
            worker.recycle(former);
        }
        After::Suspended(former) => {
            former.set_on_processor(false);
            if !former.word.suspended() {
                // Woken while it left.
                former.set_state(State::Runnable);
                worker.push_next(former);
            }
        }
        After::Nothing | After::Published { .. } | After::Yielded(_) => {}
    }
}

/// The worker's loop runs `next` until some thread finds nothing to run after itself.
pub(super) fn run(worker: &'static Worker, next: &'static Control) {
    let (target, thread_pointer) = target_of(worker, Some(next));
    announce(worker, None, Some(next), false);
    // SAFETY: as in `switch_away`, with the loop in the place of the leaving thread.
    unsafe { raw_switch(worker, worker.save_idle(), target, thread_pointer) };
    if !worker.isolated && !BATON {
        current::set(None);
        if let Some(sanitizer) = worker.sanitizer {
            sanitizer.after(worker.known());
        }
    }
    settle(worker);
}

/// A thread's main function: `(control)`. Reads the closure, runs it, stores the result, and returns whom to wake.
pub(crate) type Main = unsafe fn(&'static Control) -> Option<Waiter>;

/// The first frame of every green thread.
///
/// # Safety
/// `control` is the address of a prepared thread's control block.
pub(super) unsafe extern "sysv64" fn enter(control: usize, _transfer: usize) -> ! {
    // SAFETY: `prepare` was given this address, and control blocks live for ever.
    let me: &'static Control = unsafe { &*std::ptr::with_exposed_provenance(control) };
    let worker = worker_of(me);
    me.set_fresh(false);
    if worker.isolated || BATON {
        current::set(Some(me));
    } else {
        me.set_bound(true);
    }
    arrive(me);
    let tls = worker.runtime.tls.as_ref();
    if let Some(tls) = tls {
        let first = me.serial.fetch_add(1, Ordering::Relaxed) == 0;
        tls.begin(first);
    }
    // SAFETY: `main` was stored by `spawn` from a `Main`, together with its closure.
    let waiting = unsafe {
        let main = std::mem::transmute::<usize, Main>(me.main.load(Ordering::Relaxed));
        main(me)
    };
    // The thread's last own act: whoever joins may go on when nothing of it is left.
    if let Some(waiter) = waiting {
        waiter.wake();
    }
    end(me)
}

/// Leaves for good.
fn end(me: &'static Control) -> ! {
    let worker = worker_of(me);
    sim::ended(me);
    let next = worker.next_thread();
    worker.after().set(After::Ended(me));
    let (target, thread_pointer) = target_of(worker, next);
    announce(worker, Some(me), next, true);
    // SAFETY: as in `switch_away`. The slot is recycled by the computation that runs next, when this stack is left. In mode
    // isolated a switch stores a last state that nobody resumes.
    unsafe {
        if worker.isolated {
            raw_switch(worker, me.save(), target, thread_pointer);
            unreachable!("a thread that ended was resumed")
        }
        leave(target, 0)
    }
}
