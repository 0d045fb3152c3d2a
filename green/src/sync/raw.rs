//! The locks without their data: one word each, waiting in `rt::table`.
//!
//! The algorithms are those of std's futex locks, and so is their fairness: a thread that comes by may take a lock before one that was
//! woken for it, which keeps locks out of the way of the scheduler; among waiters the oldest is woken first.

use crate::rt::shim::{AtomicU32, Ordering, constant, spin_loop};
use crate::rt::{State, sim, table};

const UNLOCKED: u32 = 0;
const LOCKED: u32 = 1;
/// Locked, and there may be waiters.
const CONTENDED: u32 = 2;

/// Mutual exclusion.
pub(super) struct RawMutex(AtomicU32);

impl RawMutex {
    constant! {
        pub(super) fn new() -> RawMutex {
            RawMutex(AtomicU32::new(UNLOCKED))
        }
    }

    #[inline]
    pub(super) fn try_lock(&self) -> bool {
        sim::point("tries a lock");
        self.take()
    }

    #[inline]
    fn take(&self) -> bool {
        // Acquire pairs with the release in `unlock`.
        self.0
            .compare_exchange(UNLOCKED, LOCKED, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
    }

    #[inline]
    pub(super) fn lock(&self) {
        sim::point("locks");
        if !self.take() {
            self.lock_contended();
        }
    }

    #[cold]
    fn lock_contended(&self) {
        if self.spin() == UNLOCKED && self.take() {
            return;
        }
        // Whoever comes out of the table marks the lock contended: others may still be there.
        while self.0.swap(CONTENDED, Ordering::Acquire) != UNLOCKED {
            table::wait(&self.0, CONTENDED, None, State::Locking);
        }
    }

    /// Waits a little for a holder on another processor.
    fn spin(&self) -> u32 {
        for _ in 0..table::spins() {
            let state = self.0.load(Ordering::Relaxed);
            if state != LOCKED {
                return state;
            }
            spin_loop();
        }
        self.0.load(Ordering::Relaxed)
    }

    #[inline]
    pub(super) fn unlock(&self) {
        sim::point("unlocks");
        if self.0.swap(UNLOCKED, Ordering::Release) == CONTENDED {
            table::wake_one(&self.0);
        }
    }
}

/// Many readers or one writer. `state` holds the number of readers, or `WRITER`, and two flags for waiters; writers wait on
/// `writer_notify`, readers on `state`. Writers that wait keep new readers out.
pub(super) struct RawRwLock {
    state: AtomicU32,
    writer_notify: AtomicU32,
}

const READER: u32 = 1;
const COUNT: u32 = (1 << 30) - 1;
const WRITER: u32 = COUNT;
const MAX_READERS: u32 = COUNT - 1;
const READERS_WAIT: u32 = 1 << 30;
const WRITERS_WAIT: u32 = 1 << 31;

fn is_readable(state: u32) -> bool {
    state & COUNT < MAX_READERS && state & (READERS_WAIT | WRITERS_WAIT) == 0
}

impl RawRwLock {
    constant! {
        pub(super) fn new() -> RawRwLock {
            RawRwLock {
                state: AtomicU32::new(0),
                writer_notify: AtomicU32::new(0),
            }
        }
    }

    pub(super) fn try_read(&self) -> bool {
        sim::point("tries a lock");
        self.state
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, |state| {
                is_readable(state).then_some(state + READER)
            })
            .is_ok()
    }

    #[inline]
    pub(super) fn read(&self) {
        sim::point("locks");
        let state = self.state.load(Ordering::Relaxed);
        let fast = is_readable(state)
            && self
                .state
                .compare_exchange_weak(state, state + READER, Ordering::Acquire, Ordering::Relaxed)
                .is_ok();
        if !fast {
            self.read_contended();
        }
    }

    #[cold]
    fn read_contended(&self) {
        let mut state = self.spin(|state| state != WRITER);
        loop {
            if is_readable(state) {
                match self.state.compare_exchange_weak(
                    state,
                    state + READER,
                    Ordering::Acquire,
                    Ordering::Relaxed,
                ) {
                    Ok(_) => return,
                    Err(seen) => state = seen,
                }
                continue;
            }
            assert!(
                state & COUNT != MAX_READERS,
                "too many active read locks on RwLock"
            );
            if state & READERS_WAIT == 0
                && let Err(seen) = self.state.compare_exchange(
                    state,
                    state | READERS_WAIT,
                    Ordering::Relaxed,
                    Ordering::Relaxed,
                )
            {
                state = seen;
                continue;
            }
            table::wait(&self.state, state | READERS_WAIT, None, State::Locking);
            state = self.spin(|state| state != WRITER);
        }
    }

    #[inline]
    pub(super) fn read_unlock(&self) {
        sim::point("unlocks");
        let state = self.state.fetch_sub(READER, Ordering::Release) - READER;
        // Readers wait only behind writers, so the last reader has a writer to wake.
        if state & COUNT == 0 && state & WRITERS_WAIT != 0 {
            self.wake(state);
        }
    }

    #[inline]
    pub(super) fn try_write(&self) -> bool {
        sim::point("tries a lock");
        self.state
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, |state| {
                (state & COUNT == 0).then_some(state + WRITER)
            })
            .is_ok()
    }

    #[inline]
    pub(super) fn write(&self) {
        sim::point("locks");
        if self
            .state
            .compare_exchange_weak(0, WRITER, Ordering::Acquire, Ordering::Relaxed)
            .is_err()
        {
            self.write_contended();
        }
    }

    #[cold]
    fn write_contended(&self) {
        let mut state = self.spin(|state| state & COUNT == 0 || state & WRITERS_WAIT != 0);
        let mut others_wait = 0;
        loop {
            if state & COUNT == 0 {
                match self.state.compare_exchange_weak(
                    state,
                    state | WRITER | others_wait,
                    Ordering::Acquire,
                    Ordering::Relaxed,
                ) {
                    Ok(_) => return,
                    Err(seen) => state = seen,
                }
                continue;
            }
            if state & WRITERS_WAIT == 0
                && let Err(seen) = self.state.compare_exchange(
                    state,
                    state | WRITERS_WAIT,
                    Ordering::Relaxed,
                    Ordering::Relaxed,
                )
            {
                state = seen;
                continue;
            }
            // Whoever has waited once cannot know that no other writer waits.
            others_wait = WRITERS_WAIT;
            // The count is read before the state is read again, so that no wake between the two is lost.
            let count = self.writer_notify.load(Ordering::Acquire);
            state = self.state.load(Ordering::Relaxed);
            if state & COUNT == 0 || state & WRITERS_WAIT == 0 {
                continue;
            }
            table::wait(&self.writer_notify, count, None, State::Locking);
            state = self.spin(|state| state & COUNT == 0 || state & WRITERS_WAIT != 0);
        }
    }

    #[inline]
    pub(super) fn write_unlock(&self) {
        sim::point("unlocks");
        let state = self.state.fetch_sub(WRITER, Ordering::Release) - WRITER;
        if state & (READERS_WAIT | WRITERS_WAIT) != 0 {
            self.wake(state);
        }
    }

    /// The writer becomes a reader.
    pub(super) fn downgrade(&self) {
        sim::point("unlocks");
        // Release: what was written is seen by the readers that come in.
        let state = self.state.fetch_sub(WRITER - READER, Ordering::Release);
        if state & READERS_WAIT != 0 {
            self.state.fetch_and(!READERS_WAIT, Ordering::Relaxed);
            table::wake_all(&self.state);
        }
    }

    /// The lock is free and somebody waits: one writer, or else all readers.
    #[cold]
    fn wake(&self, mut state: u32) {
        if state == WRITERS_WAIT {
            match self
                .state
                .compare_exchange(state, 0, Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => {
                    self.wake_writer();
                    return;
                }
                Err(seen) => state = seen,
            }
        }
        if state == READERS_WAIT + WRITERS_WAIT {
            if self
                .state
                .compare_exchange(state, READERS_WAIT, Ordering::Relaxed, Ordering::Relaxed)
                .is_err()
            {
                // Somebody locked it and will wake.
                return;
            }
            if self.wake_writer() {
                return;
            }
            // No writer was in the table yet: it will see the new count. Readers must not wait for nobody.
            state = READERS_WAIT;
        }
        if state == READERS_WAIT
            && self
                .state
                .compare_exchange(state, 0, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            table::wake_all(&self.state);
        }
    }

    fn wake_writer(&self) -> bool {
        self.writer_notify.fetch_add(1, Ordering::Release);
        table::wake_one(&self.writer_notify)
    }

    fn spin(&self, enough: impl Fn(u32) -> bool) -> u32 {
        for _ in 0..table::spins() {
            let state = self.state.load(Ordering::Relaxed);
            if enough(state) {
                return state;
            }
            spin_loop();
        }
        self.state.load(Ordering::Relaxed)
    }
}
