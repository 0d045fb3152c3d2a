//! The control block of a green thread, in the highest bytes of its stack's slot.
//!
//! ```text
//!   slot top ─┬────────────────────────────┐
//!             │ TLS block (mode isolated)  │ rt::tls; the thread pointer points inside
//!             ├────────────────────────────┤
//!             │ Control                    │
//!             ├────────────────────────────┤ stack base
//!             │ the closure, first frames  │ same page: a parked thread touches one (isolated: two)
//!             │            …               │
//!             ├────────────────────────────┤ limit
//!   slot ─────┴── guard page ──────────────┘
//! ```
//!
//! Invariants:
//! 1. Slots are never unmapped and never change their layout, so `&'static Control` is always valid. Thread after
//!    thread uses the same block.
//! 2. At any time a thread has one owner: the worker that runs it; the list or slot that holds it while it is runnable;
//!    whoever holds the right to wake it while it waits; the pool while it is free. Only the owner writes, except `word`
//!    (rules in `rt::word`). The atomics are relaxed: ownership passes through the queues' own orderings.
//! 3. A thread marked `bound` is run by its `worker` only.

use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use threadbare_context::{StackPointer, prefetch};

use super::atomic_ref::AtomicRef;
use super::inbox::Linked;
use super::sanitize::Known;
use super::word::Word;
use super::worker::Worker;
use crate::thread::Header;

/// How much of a thread's name dumps and overflow reports know.
const NAME: usize = 32;

/// A green thread. See the module for who may touch it when.
#[repr(C, align(64))]
pub(crate) struct Control {
    pub(crate) word: Word,
    /// What it is doing, for dumps.
    state: AtomicU8,
    /// Only its worker may run it.
    bound: AtomicBool,
    /// It has not run yet.
    fresh: AtomicBool,
    /// It runs, or is about to, or its state is not saved yet (`rt::freeze`).
    on_processor: AtomicBool,
    /// The slot has a TLS block that needs a reset, not a first initialisation.
    pub(crate) tls_ready: AtomicBool,
    pub(crate) class: AtomicU8,
    /// Where it is suspended.
    stack_pointer: AtomicUsize,
    /// Its TLS block; 0 in mode pinned.
    pub(crate) thread_pointer: AtomicUsize,
    worker: AtomicRef<Worker>,
    link: AtomicRef<Control>,
    /// What it waits for or waited for last, for dumps: a descriptor, the number of a thread, an address.
    subject: AtomicUsize,
    /// What it will touch first when it goes on: the handle whose call waits. A hint: any address is good.
    touches: AtomicUsize,
    /// The handle that describes it to users; valid while the thread runs, for itself.
    pub(crate) header: AtomicPtr<Header>,
    /// Its number, and the start of its name: readable by anyone at any time, so kept here and not in the handle.
    pub(crate) id: AtomicU64,
    name_length: AtomicU8,
    name: [AtomicU8; NAME],
    /// The monomorphic main function, which reads the closure.
    pub(crate) main: AtomicUsize,
    pub(crate) closure: AtomicUsize,
    /// How many threads have started on this slot.
    pub(crate) serial: AtomicU32,
    pub(crate) known: Known,
}

const _: () = assert!(
    std::mem::offset_of!(Control, header) <= 64,
    "what a wait and a switch touch is one cache line"
);

/// What a thread is doing, as dumps tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum State {
    Free,
    Runnable,
    Running,
    Parked,
    Joining,
    Sleeping,
    Locking,
    Condition,
    Initialising,
    Receiving,
    Sending,
    Reading,
    Writing,
    Accepting,
    Connecting,
    Calling,
    Waiting,
}

impl State {
    pub(crate) const ALL: [State; 17] = [
        State::Free,
        State::Runnable,
        State::Running,
        State::Parked,
        State::Joining,
        State::Sleeping,
        State::Locking,
        State::Condition,
        State::Initialising,
        State::Receiving,
        State::Sending,
        State::Reading,
        State::Writing,
        State::Accepting,
        State::Connecting,
        State::Calling,
        State::Waiting,
    ];

    /// Whether it waits for something that has an address.
    pub(crate) fn has_subject(self) -> bool {
        (State::Locking as u8..=State::Sending as u8).contains(&(self as u8))
    }

    /// Whether it waits for the world outside the process.
    pub(crate) fn is_outside(self) -> bool {
        self as u8 >= State::Reading as u8
    }

    pub(crate) fn describe(self) -> &'static str {
        match self {
            State::Free => "free",
            State::Runnable => "runnable",
            State::Running => "running",
            State::Parked => "parked",
            State::Joining => "waiting for the end of thread",
            State::Sleeping => "sleeping",
            State::Locking => "waiting for the lock",
            State::Condition => "waiting for the condition",
            State::Initialising => "waiting for another to initialise the cell",
            State::Receiving => "waiting to receive from the channel",
            State::Sending => "waiting to send to the channel",
            State::Reading => "reading",
            State::Writing => "writing",
            State::Accepting => "accepting",
            State::Connecting => "connecting",
            State::Calling => "in a call on another operating-system thread",
            State::Waiting => "waiting for a child process",
        }
    }
}

impl Linked for Control {
    fn link(&self) -> &AtomicRef<Self> {
        &self.link
    }
}

impl Control {
    pub(crate) fn state(&self) -> State {
        // Acquire pairs with the release below: who sees that a thread is runnable sees that it is fresh.
        State::ALL[usize::from(self.state.load(Ordering::Acquire)).min(State::ALL.len() - 1)]
    }

    pub(crate) fn set_state(&self, state: State) {
        self.state.store(state as u8, Ordering::Release);
    }

    pub(crate) fn note_subject(&self, subject: usize) {
        self.subject.store(subject, Ordering::Relaxed);
    }

    pub(crate) fn subject(&self) -> usize {
        self.subject.load(Ordering::Relaxed)
    }

    /// By the thread itself, before a wait: what lies at `address` will be touched when it goes on.
    pub(crate) fn note_touch(&self, address: usize) {
        self.touches.store(address, Ordering::Relaxed);
    }

    /// It runs next: fetches what it touches first. With a thousand threads all of that has left the caches since it ran last.
    #[inline]
    pub(super) fn prefetch(&self) {
        self.stack_pointer().prefetch();
        let touches = self.touches.load(Ordering::Relaxed);
        prefetch(touches);
        prefetch(touches.wrapping_add(64));
    }

    pub(crate) fn is_on_processor(&self) -> bool {
        // Acquire pairs with the release below: the saved state is seen.
        self.on_processor.load(Ordering::Acquire)
    }

    pub(crate) fn set_on_processor(&self, on: bool) {
        self.on_processor.store(on, Ordering::Release);
    }

    pub(crate) fn set_name(&self, name: Option<&str>) {
        let bytes = name.unwrap_or("").as_bytes();
        let length = bytes.len().min(NAME);
        for (place, byte) in self.name.iter().zip(bytes) {
            place.store(*byte, Ordering::Relaxed);
        }
        self.name_length
            .store(u8::try_from(length).unwrap_or(0), Ordering::Relaxed);
    }

    /// Writes `'name' (id)`. Allocates nothing; may mix names if the slot changes threads meanwhile.
    pub(crate) fn describe(&self, to: &mut dyn std::fmt::Write) -> std::fmt::Result {
        let mut bytes = [0; NAME];
        let length = usize::from(self.name_length.load(Ordering::Relaxed)).min(NAME);
        for (byte, place) in bytes.iter_mut().zip(&self.name).take(length) {
            *byte = place.load(Ordering::Relaxed);
        }
        let id = self.id.load(Ordering::Relaxed);
        let valid = bytes[..length]
            .utf8_chunks()
            .next()
            .map_or("", |chunk| chunk.valid());
        match valid {
            "" => write!(to, "'<unnamed>' ({id})"),
            name => write!(to, "'{name}' ({id})"),
        }
    }

    pub(crate) fn is_bound(&self) -> bool {
        self.bound.load(Ordering::Relaxed)
    }

    pub(crate) fn set_bound(&self, bound: bool) {
        self.bound.store(bound, Ordering::Relaxed);
    }

    /// By the thread itself: from its next wait on. Returns what was before.
    pub(crate) fn replace_bound(&self, bound: bool) -> bool {
        let before = self.is_bound();
        self.set_bound(bound);
        before
    }

    pub(crate) fn is_fresh(&self) -> bool {
        self.fresh.load(Ordering::Relaxed)
    }

    pub(crate) fn set_fresh(&self, fresh: bool) {
        self.fresh.store(fresh, Ordering::Relaxed);
    }

    pub(crate) fn stack_pointer(&self) -> StackPointer {
        StackPointer(self.stack_pointer.load(Ordering::Relaxed))
    }

    pub(crate) fn set_stack_pointer(&self, pointer: StackPointer) {
        self.stack_pointer.store(pointer.0, Ordering::Relaxed);
    }

    /// Where a switch stores the suspended state.
    pub(crate) fn save(&self) -> *mut StackPointer {
        self.stack_pointer.as_ptr().cast()
    }

    /// The worker that runs it, or ran it last.
    pub(crate) fn worker(&self) -> Option<&'static Worker> {
        self.worker.load(Ordering::Relaxed)
    }

    pub(crate) fn set_worker(&self, worker: &'static Worker) {
        self.worker.store(Some(worker), Ordering::Relaxed);
    }

    /// The high end of its stack: the control block itself, which is aligned well enough.
    pub(crate) fn stack_base(&self) -> usize {
        std::ptr::from_ref(self) as usize
    }
}
