//! What the reactor knows of one descriptor: for each direction one word, which says whether a call may succeed, or who waits for that.
//!
//! ```text
//!   63                          2        1       0
//!   ┌──────────────────────────┬────────┬───────┬───┐
//!   │ serial of the last event │ UNSURE │ READY │ 1 │     nobody waits, or others do (below)
//!   ├──────────────────────────┴────────┴───────┼───┤
//!   │ number of the thread that waits           │ 0 │     not ready
//!   └───────────────────────────────────────────┴───┘
//! ```
//!
//! READY: a call may succeed; cleared by whoever finds that it does not. UNSURE: the peer has shut down, failed, or sent urgent
//! data, so a short transfer says nothing about what is left.
//!
//! Nearly always one thread at most waits for one direction, and has the word. Others wait beside it: threads on `crowd`, one future by its
//! waker. `beside` counts them.
//!
//! Invariants:
//! 1. READY is cleared by an exchange from the value that was read before the call. If an event came meanwhile the serial differs, the
//!    exchange fails, and the call is tried again: no event is lost. No two events have the same serial.
//! 2. A thread waits only in exchange for a value without READY. Whoever takes its number out wakes it: an event, or its deadline.
//! 3. Who waits beside counts itself first and looks at the word again afterwards; an event changes the word first and looks at the count
//!    afterwards (all sequentially consistent): one of the two sees the other.
//! 4. UNSURE is kept beside the word too, since the word has no room for it while a thread waits.

use std::task::Waker;
use std::time::Instant;

use crate::rt::shim::{AtomicBool, AtomicU32, AtomicUsize, Ordering, constant, sequential_in_models};
use crate::rt::spin::Spin;
use crate::rt::{State, Waiter, table, timer};

const PLAIN: usize = 1;
const READY: usize = 2;
const SERIAL: u32 = 3;

/// Which direction a call waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interest {
    Read,
    Write,
}

/// One direction of one descriptor. See the module.
pub(crate) struct Direction {
    word: AtomicUsize,
    beside: AtomicU32,
    crowd: AtomicU32,
    unsure: AtomicBool,
}

/// Where a future leaves its waker for one direction.
pub(crate) type WakerPlace = Spin<Option<Waker>>;

/// A value of the word.
#[derive(Clone, Copy)]
pub(crate) struct Seen(usize);

impl Seen {
    #[inline]
    pub(crate) fn is_ready(self) -> bool {
        self.0 & (PLAIN | READY) == PLAIN | READY
    }

    fn is_plain(self) -> bool {
        self.0 & PLAIN != 0
    }
}

impl Direction {
    constant! {
        fn new() -> Direction {
            Direction {
                word: AtomicUsize::new(PLAIN | READY),
                beside: AtomicU32::new(0),
                crowd: AtomicU32::new(0),
                unsure: AtomicBool::new(false),
            }
        }
    }

    #[inline]
    pub(crate) fn look(&self) -> Seen {
        // Acquire pairs with the release in `happened`.
        Seen(self.word.load(Ordering::Acquire))
    }

    /// A call found nothing more to do, since `seen`. False if an event came meanwhile.
    #[inline]
    pub(crate) fn exhausted(&self, seen: Seen) -> bool {
        self.word
            .compare_exchange(seen.0, seen.0 & !READY, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }

    /// A call did less than it was asked for, so the next would do nothing: saves that call.
    #[inline]
    pub(crate) fn was_short(&self, seen: Seen) {
        if seen.is_ready() && !self.unsure.load(Ordering::Relaxed) {
            // If an event came meanwhile, the next call is worth a try.
            let _ = self.exhausted(seen);
        }
    }

    /// Waits for an event; `waiter` is the caller. False if `deadline` came first.
    #[inline]
    pub(crate) fn wait(&self, waiter: Waiter, deadline: Option<Instant>, why: State) -> bool {
        let seen = self.look();
        if seen.is_ready() {
            return true;
        }
        if !seen.is_plain() {
            return self.wait_beside(deadline, why);
        }
        let Some(deadline) = deadline else {
            waiter.wait_in(&self.word, seen.0, why);
            return true;
        };
        let number = waiter.to_bits().get();
        if self
            .word
            .compare_exchange(seen.0, number, Ordering::AcqRel, Ordering::Relaxed)
            .is_err()
        {
            return true;
        }
        timer::wait_until(waiter, deadline, &self.word, [number, seen.0], why);
        // Relaxed: only the hint that it was the deadline; if an event came right after, the caller may as well have timed out.
        self.look().0 != seen.0
    }

    /// Somebody waits already.
    #[cold]
    fn wait_beside(&self, deadline: Option<Instant>, why: State) -> bool {
        self.beside.fetch_add(BESIDE, Ordering::SeqCst);
        sequential_in_models();
        let crowd = self.crowd.load(Ordering::SeqCst);
        let woken = if Seen(self.word.load(Ordering::SeqCst)).is_plain() {
            // An event, or the other gave up: look again.
            true
        } else {
            table::wait(&self.crowd, crowd, deadline, why)
        };
        self.beside.fetch_sub(BESIDE, Ordering::SeqCst);
        woken
    }

    /// Something happened, as the event with this serial says: whoever waits goes through `wake`.
    #[inline]
    pub(crate) fn happened(&self, serial: usize, place: &WakerPlace, mut wake: impl FnMut(Waiter)) {
        // Release: who sees READY sees what made it so. Acquire: what the thread that waits left. Sequentially consistent: invariant 3.
        let former = self.word.swap(serial << SERIAL | READY | PLAIN, Ordering::SeqCst);
        sequential_in_models();
        if former & PLAIN == 0 {
            wake(Waiter::from_bits(former));
        }
        if self.beside.load(Ordering::SeqCst) != 0 {
            self.wake_beside(place, wake);
        }
    }

    /// From now on short transfers say nothing.
    pub(crate) fn make_unsure(&self) {
        self.unsure.store(true, Ordering::Relaxed);
    }

    #[cold]
    fn wake_beside(&self, place: &WakerPlace, wake: impl FnMut(Waiter)) {
        self.crowd.fetch_add(1, Ordering::SeqCst);
        table::take_all(&self.crowd, wake);
        if self.beside.fetch_and(!WAKER, Ordering::SeqCst) & WAKER != 0 {
            let waker = place.lock().take();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    /// Leaves a waker for the next event, in place of a former one. False if an event came since the word was not ready.
    pub(crate) fn leave_waker(&self, place: &WakerPlace, waker: &Waker) -> bool {
        let former = place.lock().replace(waker.clone());
        drop(former);
        self.beside.fetch_or(WAKER, Ordering::SeqCst);
        sequential_in_models();
        !Seen(self.word.load(Ordering::SeqCst)).is_ready()
    }

    #[cfg(test)]
    pub(crate) fn has_waiters(&self) -> bool {
        !self.look().is_plain()
    }

    /// Before anybody else knows the entry: the next event is the first that counts.
    pub(crate) fn assume_exhausted(&self) {
        self.word.store(PLAIN, Ordering::Relaxed);
    }

    fn renew(&self) {
        self.word.store(PLAIN | READY, Ordering::Relaxed);
        self.unsure.store(false, Ordering::Relaxed);
        self.beside.store(0, Ordering::Relaxed);
    }
}

/// In `beside`: a future waits; and one thread of a crowd.
const WAKER: u32 = 1;
const BESIDE: u32 = 2;

/// One descriptor. What every event touches lies on one cache line.
#[repr(C, align(64))]
pub(crate) struct Entry {
    pub(crate) read: Direction,
    pub(crate) write: Direction,
    /// Of the registration that the entry belongs to: events of former ones are not for it.
    pub(crate) generation: AtomicU32,
    pub(crate) reader: WakerPlace,
    pub(crate) writer: WakerPlace,
}

// Loom's atomics are larger.
#[cfg(not(test))]
const _: () = assert!(
    std::mem::offset_of!(Entry, reader) <= 64,
    "the hot part is one cache line"
);

impl Entry {
    pub(crate) fn new() -> Entry {
        Entry {
            read: Direction::new(),
            write: Direction::new(),
            generation: AtomicU32::new(0),
            reader: Spin::new(None),
            writer: Spin::new(None),
        }
    }

    #[inline]
    pub(crate) fn direction(&self, interest: Interest) -> &Direction {
        match interest {
            Interest::Read => &self.read,
            Interest::Write => &self.write,
        }
    }

    pub(crate) fn waker_place(&self, interest: Interest) -> &WakerPlace {
        match interest {
            Interest::Read => &self.reader,
            Interest::Write => &self.writer,
        }
    }

    /// An event is about to be told: who waits for it is about to be touched.
    pub(crate) fn prefetch_waiters(&self) {
        for direction in [&self.read, &self.write] {
            let word = direction.word.load(Ordering::Relaxed);
            if !Seen(word).is_plain() {
                threadbare_context::prefetch(Waiter::address_in(word));
            }
        }
    }

    /// Ready for the next descriptor.
    pub(crate) fn renew(&self) {
        self.read.renew();
        self.write.renew();
        *self.reader.lock() = None;
        *self.writer.lock() = None;
    }
}
