//! The queues: ring, fresh threads, inbox, and the run-next slot. Each entry is taken once, with what was written to it before.

use std::sync::atomic::AtomicUsize as StdUsize;
use std::sync::atomic::Ordering::SeqCst;

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::Ordering;
use loom::thread;

use crate::rt::atomic_ref::AtomicRef;
use crate::rt::fresh::Fresh;
use crate::rt::inbox::{Inbox, Linked};
use crate::rt::ring::Ring;

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

/// `Worker::push_next`, `take_next` and `steal_next`: the owner stores without an exchange when it sees none.
#[test]
fn the_next_thread_runs_once_here_or_at_a_thief() {
    loom::model(|| {
        let items: Vec<_> = (0..2).map(item).collect();
        let next = Arc::new(AtomicRef::none());
        let theirs = next.clone();
        let thief = thread::spawn(move || {
            for _ in 0..2 {
                if theirs.load(Ordering::Relaxed).is_some()
                    && let Some(stolen) = theirs.swap(None, Ordering::Acquire)
                {
                    take(stolen);
                }
            }
        });
        for &item in &items {
            fill(item);
            if next.load(Ordering::Relaxed).is_none() {
                next.store(Some(item), Ordering::Release);
            } else if let Some(displaced) = next.swap(Some(item), Ordering::AcqRel) {
                take(displaced);
            }
        }
        if next.load(Ordering::Relaxed).is_some()
            && let Some(own) = next.swap(None, Ordering::Acquire)
        {
            take(own);
        }
        thief.join().unwrap();
        assert!(items.iter().all(|item| item.taken.load(SeqCst) == 1));
    });
}
