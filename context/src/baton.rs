//! The switch as operating-system threads that pass a baton: exactly one of them runs at a time.
//!
//! For Miri, which cannot execute assembly, for loom-like tools, and as an oracle: what runs on this backend must
//! do the same on the other. The interface is that of `switch.rs`.
//!
//! Protocol:
//! 1. A [`StackPointer`] holds the address of a [`Baton`] that is never freed.
//! 2. To resume a computation is to put a transfer into its baton; to suspend is to wait for one in one's own.
//! 3. A computation that leaves for good keeps its operating-system thread, which serves the next `prepare`.
//!
//! Limits: thread-locals belong to the operating-system thread, so they are not fresh when a thread is reused.
//! Threads are never joined (Miri needs `-Zmiri-ignore-leaks`).

use std::boxed::Box;
use std::cell::Cell;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::vec::Vec;

use crate::{Entry, StackPointer};

/// What one computation waits on.
struct Baton {
    inbox: Mutex<Inbox>,
    arrived: Condvar,
}

#[derive(Default)]
struct Inbox {
    /// Set by `prepare`, taken once, before the first transfer.
    start: Option<(Entry, usize)>,
    transfer: Option<usize>,
}

/// Batons whose threads left their computation for good.
static IDLE: Mutex<Vec<&'static Baton>> = Mutex::new(Vec::new());

std::thread_local! {
    static MINE: Cell<Option<&'static Baton>> = const { Cell::new(None) };
}

impl Baton {
    fn leak() -> &'static Baton {
        Box::leak(Box::new(Baton {
            inbox: Mutex::default(),
            arrived: Condvar::new(),
        }))
    }

    fn name(&'static self) -> StackPointer {
        StackPointer(core::ptr::from_ref(self).expose_provenance())
    }

    fn put(&self, transfer: usize) {
        let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        let previous = inbox.transfer.replace(transfer);
        assert!(previous.is_none(), "a context was resumed twice");
        self.arrived.notify_one();
    }

    fn wait(&self) -> usize {
        let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(transfer) = inbox.transfer.take() {
                return transfer;
            }
            inbox = self.arrived.wait(inbox).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Serves one computation after the other; never returns, because entry functions do not.
    fn serve(&'static self) -> ! {
        let transfer = self.wait();
        let start = self
            .inbox
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .start
            .take();
        let (entry, argument) = start.expect("a baton is resumed only after prepare");
        // SAFETY: the duties of `prepare`, which stored the pair, and of the switch that sent the transfer.
        unsafe { entry(argument, transfer) }
    }
}

fn mine() -> &'static Baton {
    MINE.with(|mine| match mine.get() {
        Some(baton) => baton,
        None => {
            let baton = Baton::leak();
            mine.set(Some(baton));
            baton
        }
    })
}

/// The baton that `pointer` names.
///
/// # Safety
/// `pointer` came from this module.
unsafe fn named(pointer: StackPointer) -> &'static Baton {
    // SAFETY: protocol rule 1: the address is that of a leaked baton.
    unsafe { &*core::ptr::with_exposed_provenance(pointer.0) }
}

/// As the assembly backend's: makes a computation that calls `entry(argument, transfer)` when first resumed.
/// The stack at `base` stays unused; the computation runs on the stack of its own operating-system thread.
///
/// # Safety
/// Whatever `argument` refers to stays alive until the computation ends.
pub unsafe fn prepare(_base: usize, entry: Entry, argument: usize) -> StackPointer {
    let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let baton = idle.unwrap_or_else(|| {
        let baton = Baton::leak();
        thread::spawn(move || {
            MINE.with(|mine| mine.set(Some(baton)));
            baton.serve()
        });
        baton
    });
    baton.inbox.lock().unwrap_or_else(PoisonError::into_inner).start = Some((entry, argument));
    baton.name()
}

/// As the assembly backend's: leaves the running computation, resumes `to`, returns when resumed.
///
/// # Safety
/// As the assembly backend's.
pub unsafe fn switch(save: *mut StackPointer, to: StackPointer, transfer: usize) -> usize {
    let mine = mine();
    // SAFETY: the caller promises that `save` is valid for a write, and that `to` came from this module.
    unsafe {
        save.write(mine.name());
        named(to).put(transfer);
    }
    mine.wait()
}

/// As the assembly backend's: leaves the running computation for good.
///
/// # Safety
/// As the assembly backend's.
pub unsafe fn leave(to: StackPointer, transfer: usize) -> ! {
    let mine = mine();
    // The thread takes the next computation on top of the frames that it left; they are never returned to.
    IDLE.lock().unwrap_or_else(PoisonError::into_inner).push(mine);
    // SAFETY: `to` came from this module.
    unsafe { named(to) }.put(transfer);
    mine.serve()
}
