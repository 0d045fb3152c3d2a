//! Loom models of the lock-free pieces: every interleaving, and every outcome that the memory model allows.
//!
//! The files are the engine's own, compiled here with loom's atomics (rings of 4 slots instead of 256).
#![allow(dead_code, unreachable_pub, reason = "a model uses a part of a piece")]

mod shim {
    pub(crate) use loom::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};
}

#[path = "../src/rt/atomic_ref.rs"]
mod atomic_ref;
#[path = "../src/rt/fresh.rs"]
mod fresh;
#[path = "../src/rt/inbox.rs"]
mod inbox;
#[path = "../src/rt/ring.rs"]
mod ring;
#[path = "../src/rt/word.rs"]
mod word;

use std::sync::atomic::AtomicUsize as StdUsize;
use std::sync::atomic::Ordering::SeqCst;

use atomic_ref::AtomicRef;
use fresh::Fresh;
use inbox::{Inbox, Linked};
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use ring::Ring;
use word::{IDLE, Word};

/// Something to queue: counts how often it was taken.
struct Item {
    number: usize,
    taken: StdUsize,
    link: AtomicRef<Item>,
    /// Written before the item is queued, read by whoever takes it: loom checks the ordering.
    payload: UnsafeCell<usize>,
}

impl Linked for Item {
    fn link(&self) -> &AtomicRef<Item> {
        &self.link
    }
}

fn item(number: usize) -> &'static Item {
    let link = AtomicRef::none();
    Box::leak(Box::new(Item {
        number,
        taken: StdUsize::new(0),
        link,
        payload: UnsafeCell::new(0),
    }))
}

#[allow(unsafe_code, reason = "loom's cell, whose access loom itself checks")]
fn fill(item: &Item) {
    // SAFETY: loom fails the model if this races.
    item.payload.with_mut(|payload| unsafe { *payload = item.number });
}

#[allow(unsafe_code, reason = "loom's cell, whose access loom itself checks")]
fn take(item: &Item) {
    // SAFETY: as above.
    assert_eq!(item.payload.with(|payload| unsafe { *payload }), item.number);
    item.taken.fetch_add(1, SeqCst);
}

#[test]
fn a_ring_gives_each_entry_once_to_owner_or_thief() {
    loom::model(|| {
        let items: Vec<_> = (0..3).map(item).collect();
        let ring = Arc::new(Ring::new());
        let thief_ring = ring.clone();
        for &item in &items[..2] {
            fill(item);
            ring.push(item).unwrap();
        }
        let thief = thread::spawn(move || {
            let own = Ring::new();
            if let Some(first) = thief_ring.steal_into(&own) {
                take(first);
            }
            while let Some(item) = own.pop() {
                take(item);
            }
        });
        if let Some(item) = ring.pop() {
            take(item);
        }
        fill(items[2]);
        ring.push(items[2]).unwrap();
        while let Some(item) = ring.pop() {
            take(item);
        }
        thief.join().unwrap();
        while let Some(item) = ring.pop() {
            take(item);
        }
        assert!(items.iter().all(|item| item.taken.load(SeqCst) == 1));
    });
}

#[test]
fn a_ring_that_wraps_never_hands_out_a_stale_slot() {
    loom::model(|| {
        let ring = Arc::new(Ring::new());
        // Fill and empty, so that the indices are about to wrap around the slots.
        let warm: Vec<_> = (10..14).map(item).collect();
        for &item in &warm {
            fill(item);
            ring.push(item).unwrap();
        }
        assert!(ring.push(item(99)).is_err(), "four is all it holds");
        let thief_ring = ring.clone();
        let thief = thread::spawn(move || {
            let own = Ring::new();
            if let Some(first) = thief_ring.steal_into(&own) {
                take(first);
            }
            while let Some(item) = own.pop() {
                take(item);
            }
        });
        if let Some(item) = ring.pop() {
            take(item);
            let fresh = self::item(20);
            fill(fresh);
            ring.push(fresh).unwrap();
        }
        while let Some(item) = ring.pop() {
            take(item);
        }
        thief.join().unwrap();
        assert!(warm.iter().all(|item| item.taken.load(SeqCst) == 1));
    });
}

#[test]
fn fresh_threads_are_taken_once_from_either_end() {
    loom::model(|| {
        let items: Vec<_> = (0..4).map(item).collect();
        let queue = Arc::new(Fresh::new());
        for &item in &items[..3] {
            fill(item);
            assert!(queue.push(item));
        }
        let theirs = queue.clone();
        let thief = thread::spawn(move || theirs.take_half(take));
        // Pops the newest and pushes another in its place: the ends look as before.
        if let Some(newest) = queue.pop_newest() {
            take(newest);
        }
        fill(items[3]);
        assert!(queue.push(items[3]));
        while let Some(newest) = queue.pop_newest() {
            take(newest);
        }
        thief.join().unwrap();
        assert!(queue.is_empty() && queue.pop_oldest().is_none());
        assert!(items.iter().all(|item| item.taken.load(SeqCst) == 1));
    });
}

#[test]
fn an_inbox_delivers_everything_once_and_in_each_sender_s_order() {
    loom::model(|| {
        let inbox = Arc::new(Inbox::new());
        let items: Vec<_> = (0..3).map(item).collect();
        let (a, b, c) = (items[0], items[1], items[2]);
        let other = inbox.clone();
        let sender = thread::spawn(move || {
            for item in [a, b] {
                fill(item);
                other.push(item);
            }
        });
        fill(c);
        inbox.push(c);
        let mut order = Vec::new();
        inbox.take_all(|item| {
            take(item);
            order.push(item.number);
        });
        sender.join().unwrap();
        inbox.take_all(|item| {
            take(item);
            order.push(item.number);
        });
        assert_eq!(order.len(), 3);
        let position = |number| order.iter().position(|&other| other == number).unwrap();
        assert!(position(0) < position(1));
    });
}

#[test]
fn a_waiter_is_made_runnable_exactly_once() {
    loom::model(|| {
        let word = Arc::new(Word(loom::sync::atomic::AtomicU32::new(IDLE)));
        let runs = Arc::new(AtomicUsize::new(0));
        let news = Arc::new(UnsafeCell::new(0));
        let (their_word, their_runs, their_news) = (word.clone(), runs.clone(), news.clone());
        let waker = thread::spawn(move || {
            write(&their_news, 7);
            if their_word.wake() {
                their_runs.fetch_add(1, Ordering::Relaxed);
            }
        });
        // The worker that has switched away from the waiter.
        let resumed_here = !word.suspended();
        if resumed_here {
            runs.fetch_add(1, Ordering::Relaxed);
            assert_eq!(read(&news), 7, "what the waker did before is seen");
        }
        waker.join().unwrap();
        assert_eq!(runs.load(Ordering::Relaxed), 1);
        assert!(word.is_set());
        word.reset();
    });
}

#[allow(unsafe_code, reason = "loom's cell, whose access loom itself checks")]
fn write(cell: &UnsafeCell<i32>, value: i32) {
    // SAFETY: loom fails the model if this races.
    cell.with_mut(|place| unsafe { *place = value });
}

#[allow(unsafe_code, reason = "loom's cell, whose access loom itself checks")]
fn read(cell: &UnsafeCell<i32>) -> i32 {
    // SAFETY: as above.
    cell.with(|place| unsafe { *place })
}

/// The claim of `rt::timer` and `rt::table`: a deadline and a waker race for the right to wake.
#[test]
fn a_deadline_and_a_waker_never_both_wake() {
    loom::model(|| {
        let claim = Arc::new(AtomicUsize::new(0));
        let word = Arc::new(Word(loom::sync::atomic::AtomicU32::new(IDLE)));
        let runs = Arc::new(AtomicUsize::new(0));
        let contenders: Vec<_> = [1, 2]
            .map(|outcome| {
                let (claim, word, runs) = (claim.clone(), word.clone(), runs.clone());
                thread::spawn(move || {
                    let won = claim
                        .compare_exchange(0, outcome, Ordering::AcqRel, Ordering::Relaxed)
                        .is_ok();
                    if won && word.wake() {
                        runs.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .into();
        if !word.suspended() {
            runs.fetch_add(1, Ordering::Relaxed);
        }
        contenders
            .into_iter()
            .for_each(|contender| contender.join().unwrap());
        assert_eq!(runs.load(Ordering::Relaxed), 1);
        assert_ne!(claim.load(Ordering::Relaxed), 0);
    });
}
