//! Workers that sleep, and threads that hold still.

use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicU32, AtomicUsize, Ordering, fence};
use loom::sync::{Arc, Mutex};

use crate::bell::Bell;
use loom::thread;

/// `idle::Idle`, `idle::sleep` and `Worker::wake`, for one worker.
struct Idle {
    sleepers: Mutex<Vec<()>>,
    sleeping: AtomicUsize,
    word: AtomicU32,
    /// The futex: rung once for each wake.
    bell: Bell,
    work: AtomicUsize,
}

impl Idle {
    fn new() -> Idle {
        Idle {
            sleepers: Mutex::new(Vec::new()),
            sleeping: AtomicUsize::new(0),
            word: AtomicU32::new(0),
            bell: Bell::new(),
            work: AtomicUsize::new(0),
        }
    }

    /// `Runtime::inject` and `Idle::notify_from_outside`.
    fn inject(&self) {
        self.work.fetch_add(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if self.sleeping.load(Ordering::Relaxed) > 0 {
            let taken = self.sleepers.lock().unwrap().pop();
            if taken.is_some() {
                self.sleeping.fetch_sub(1, Ordering::Relaxed);
                if self.word.swap(0, Ordering::AcqRel) == 1 {
                    self.bell.ring();
                }
            }
        }
    }

    /// `idle::sleep`; returns when there may be work.
    fn sleep(&self) {
        self.word.store(1, Ordering::Relaxed);
        self.sleepers.lock().unwrap().push(());
        self.sleeping.fetch_add(1, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        if self.work.load(Ordering::Relaxed) == 0 {
            // The futex compares the word again.
            while self.word.load(Ordering::Relaxed) == 1 {
                self.bell.wait();
            }
        }
        self.word.store(0, Ordering::Relaxed);
        if self.sleepers.lock().unwrap().pop().is_some() {
            self.sleeping.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// Loom reports a worker that sleeps for ever.
#[test]
fn work_from_outside_is_never_overlooked() {
    loom::model(|| {
        let idle = Arc::new(Idle::new());
        let theirs = idle.clone();
        let outside = thread::spawn(move || theirs.inject());
        while idle.work.load(Ordering::Relaxed) == 0 {
            idle.sleep();
        }
        outside.join().unwrap();
        assert_eq!(idle.work.load(Ordering::Relaxed), 1);
    });
}

/// `Worker::deliver` and `idle::sleep`: the inbox is published, then the word is read.
#[test]
fn a_delivery_to_a_worker_that_falls_asleep_wakes_it() {
    loom::model(|| {
        let idle = Arc::new(Idle::new());
        let theirs = idle.clone();
        let other = thread::spawn(move || {
            theirs.work.fetch_add(1, Ordering::Release);
            fence(Ordering::SeqCst);
            if theirs.word.load(Ordering::Relaxed) == 1 && theirs.word.swap(0, Ordering::AcqRel) == 1 {
                theirs.bell.ring();
            }
        });
        while idle.work.load(Ordering::Acquire) == 0 {
            idle.sleep();
        }
        other.join().unwrap();
    });
}

/// `rt::freeze`: what the looker reads, nobody writes meanwhile. `membarrier` is a fence on both sides.
#[test]
fn a_stack_is_looked_at_only_while_it_holds_still() {
    loom::model(|| {
        let frozen = Arc::new(AtomicU32::new(0));
        let on_processor = Arc::new(AtomicU32::new(0));
        let stack = Arc::new(UnsafeCell::new(0));
        let (their_frozen, their_mark, their_stack) = (frozen.clone(), on_processor.clone(), stack.clone());
        let worker = thread::spawn(move || {
            for _turn in 0..2 {
                their_mark.store(1, Ordering::Release);
                fence(Ordering::SeqCst);
                while their_frozen.load(Ordering::Acquire) != 0 {
                    thread::yield_now();
                }
                write(&their_stack);
                their_mark.store(0, Ordering::Release);
            }
        });
        frozen.store(1, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        if on_processor.load(Ordering::Acquire) == 0 {
            read(&stack);
        }
        frozen.store(0, Ordering::Release);
        worker.join().unwrap();
    });
}

#[allow(unsafe_code, reason = "loom's cell, whose access loom itself checks")]
fn write(cell: &UnsafeCell<i32>) {
    // SAFETY: loom fails the model if this races.
    cell.with_mut(|place| unsafe { *place += 1 });
}

#[allow(unsafe_code, reason = "loom's cell, whose access loom itself checks")]
fn read(cell: &UnsafeCell<i32>) -> i32 {
    // SAFETY: as above.
    cell.with(|place| unsafe { *place })
}
