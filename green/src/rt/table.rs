//! Waiting on a word of memory: a futex for green threads and operating-system threads alike.
//!
//! Locks, conditions and cells keep one 32-bit word each and wait here for it to change, so they are as small as std's and
//! need no allocation. Waiters hang in a bucket chosen by the word's address, as nodes on their own stacks.
//!
//! Invariants:
//! 1. A node is linked and unlinked under its bucket's lock, and unlinked before its waiter goes on: by the waker, or, when a
//!    deadline came first, by the waiter itself.
//! 2. The right to wake a node is won on its claim (rule 2 of `rt::timer`): `PENDING` to `NOTIFIED` or to `TIMED_OUT`.
//! 3. No wake is lost: the waiter compares the word under the lock, and a waker changes the word before it takes the lock.
//! 4. A waker takes the waiter out of the node before it unlocks, and touches only that afterwards.

#![allow(unsafe_code, reason = "fenced: links nodes on waiting threads' stacks")]

use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Instant;

use super::control::State;
use super::runtime::Runtime;
use super::spin::{Spin, SpinGuard};
use super::waiter::Waiter;
use super::{current, sim, timer};

const PENDING: usize = 0;
const NOTIFIED: usize = 1;
const TIMED_OUT: usize = 2;

/// A power of two. Enough that a hundred thousand waiters on words of their own make short lists.
const BUCKETS: usize = 1 << 12;

struct Node {
    key: usize,
    waiter: Waiter,
    claim: AtomicUsize,
    next: Option<NonNull<Node>>,
    previous: Option<NonNull<Node>>,
}

/// A list of nodes, oldest first. Lies on a cache line of its own.
#[repr(align(64))]
struct Bucket(Spin<List>);

struct List {
    first: Option<NonNull<Node>>,
    last: Option<NonNull<Node>>,
}

// SAFETY: nodes are reached under the lock only (invariant 1).
unsafe impl Send for List {}

static TABLE: [Bucket; BUCKETS] = [const {
    Bucket(Spin::new(List {
        first: None,
        last: None,
    }))
}; BUCKETS];

fn bucket(key: usize) -> SpinGuard<'static, List> {
    // Fibonacci hashing of the address; its low bits are alignment.
    let hash = (key >> 2).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (usize::BITS - BUCKETS.trailing_zeros());
    TABLE[hash].0.lock()
}

impl List {
    /// # Safety
    /// The node stays in place until it is unlinked.
    unsafe fn link(&mut self, mut node: NonNull<Node>) {
        // SAFETY: linked nodes are alive (invariant 1), and we hold the lock.
        unsafe {
            node.as_mut().previous = self.last;
            match self.last {
                Some(mut last) => last.as_mut().next = Some(node),
                None => self.first = Some(node),
            }
        }
        self.last = Some(node);
    }

    /// # Safety
    /// The node is linked in this list.
    unsafe fn unlink(&mut self, node: NonNull<Node>) {
        // SAFETY: linked nodes are alive (invariant 1), and we hold the lock.
        unsafe {
            let Node { next, previous, .. } = *node.as_ptr();
            match previous {
                Some(mut previous) => previous.as_mut().next = next,
                None => self.first = next,
            }
            match next {
                Some(mut next) => next.as_mut().previous = previous,
                None => self.last = previous,
            }
        }
    }

    /// Unlinks the oldest node that waits for `key` and was not timed out, and returns its waiter.
    fn take(&mut self, key: usize) -> Option<Waiter> {
        let mut cursor = self.first;
        while let Some(node) = cursor {
            // SAFETY: linked nodes are alive, and we hold the lock. The claim is shared with a timer: it is atomic.
            let (found, next, claim) = unsafe {
                let pointer = node.as_ptr();
                ((*pointer).key == key, (*pointer).next, &(*pointer).claim)
            };
            if found
                && claim
                    .compare_exchange(PENDING, NOTIFIED, Ordering::AcqRel, Ordering::Relaxed)
                    .is_ok()
            {
                // SAFETY: linked, as we came here by the links.
                unsafe {
                    self.unlink(node);
                    return Some((*node.as_ptr()).waiter);
                }
            }
            cursor = next;
        }
        None
    }
}

fn key_of(word: &AtomicU32) -> usize {
    std::ptr::from_ref(word) as usize
}

/// Waits until somebody wakes this word, unless its value is not `expected`. False if `deadline` came first.
/// Wakes may be spurious in the sense that the word has changed back.
pub(crate) fn wait(word: &AtomicU32, expected: u32, deadline: Option<Instant>, why: State) -> bool {
    wait_about(word, expected, deadline, why, key_of(word))
}

/// As [`wait`], for something that dumps call `subject`.
pub(crate) fn wait_about(
    word: &AtomicU32,
    expected: u32,
    deadline: Option<Instant>,
    why: State,
    subject: usize,
) -> bool {
    let key = key_of(word);
    let waiter = Waiter::current();
    waiter.note_subject(subject);
    let mut node = Node {
        key,
        waiter,
        claim: AtomicUsize::new(PENDING),
        next: None,
        previous: None,
    };
    let pointer = NonNull::from(&mut node);
    {
        let mut list = bucket(key);
        // Relaxed: the lock orders it (invariant 3).
        if word.load(Ordering::Relaxed) != expected {
            return true;
        }
        // SAFETY: the node lives on this frame, which is left only after it was unlinked.
        unsafe { list.link(pointer) };
    }
    let Some(deadline) = deadline else {
        waiter.wait(why);
        return true;
    };
    // SAFETY: the node is alive; others share its claim, which is atomic.
    let claim = unsafe { &(*pointer.as_ptr()).claim };
    timer::wait_until(waiter, deadline, claim, [PENDING, TIMED_OUT], why);
    if claim.load(Ordering::Acquire) == TIMED_OUT {
        // SAFETY: who times out is not unlinked by a waker (invariant 2).
        unsafe { bucket(key).unlink(pointer) };
        return false;
    }
    true
}

/// Wakes the oldest waiter of `word`; whether there was one.
pub(crate) fn wake_one(word: &AtomicU32) -> bool {
    let key = key_of(word);
    let taken = bucket(key).take(key);
    match taken {
        Some(waiter) => {
            waiter.wake();
            true
        }
        None => false,
    }
}

/// Wakes all waiters of `word`.
pub(crate) fn wake_all(word: &AtomicU32) {
    take_all(word, Waiter::wake);
}

/// Takes out all waiters of `word`; `wake` has to wake each.
pub(crate) fn take_all(word: &AtomicU32, mut wake: impl FnMut(Waiter)) {
    let key = key_of(word);
    loop {
        let mut batch = [const { None }; 32];
        {
            let mut list = bucket(key);
            for place in &mut batch {
                *place = list.take(key);
            }
        }
        let full = batch[31].is_some();
        batch.into_iter().flatten().for_each(&mut wake);
        if !full {
            return;
        }
    }
}

/// How often to look before waiting: on one worker the holder cannot run meanwhile.
pub(crate) fn spins() -> u32 {
    let alone = Runtime::get().is_some_and(|runtime| runtime.worker_count() == 1) && current::get().is_some();
    if alone || sim::is_on() || cfg!(miri) {
        0
    } else {
        100
    }
}
