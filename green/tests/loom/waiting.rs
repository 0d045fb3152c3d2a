//! Waiting and waking: a waiter is made runnable exactly once, after its state is saved, and sees what its waker did.

use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use loom::sync::{Arc, Mutex};
use loom::thread;

use crate::rt::word::{IDLE, Word};

#[test]
fn a_waiter_is_made_runnable_exactly_once() {
    loom::model(|| {
        let word = Arc::new(Word(AtomicU32::new(IDLE)));
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
        let word = Arc::new(Word(AtomicU32::new(IDLE)));
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

const NONE: usize = 0;
const SIGNAL: usize = 1;
const NUMBER: usize = 8;

/// `switch::suspend_published` and `switch::settle`, with a token's `give` or a joiner's `finish` on the other side: the number appears in
/// the place only when the state is saved, and whoever finds it resumes.
#[test]
fn a_published_waiter_is_resumed_once_with_its_state_saved() {
    loom::model(|| {
        let place = Arc::new(AtomicUsize::new(NONE));
        let saved = Arc::new(UnsafeCell::new(0));
        let news = Arc::new(UnsafeCell::new(0));
        let runs = Arc::new(AtomicUsize::new(0));
        let wakers: Vec<_> = (0..2)
            .map(|first| {
                let (place, saved, news, runs) = (place.clone(), saved.clone(), news.clone(), runs.clone());
                thread::spawn(move || {
                    if first == 0 {
                        write(&news, 7);
                    }
                    if place.swap(SIGNAL, Ordering::AcqRel) == NUMBER {
                        assert_eq!(read(&saved), 1, "resumed before its state was saved");
                        runs.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        write(&saved, 1);
        let published = place.compare_exchange(NONE, NUMBER, Ordering::AcqRel, Ordering::Acquire);
        if published.is_err() {
            runs.fetch_add(1, Ordering::Relaxed);
        }
        wakers.into_iter().for_each(|waker| waker.join().unwrap());
        assert_eq!(runs.load(Ordering::Relaxed), 1);
        assert_eq!(read(&news), 7);
    });
}

/// `mpsc::Channel::receive` and `push`: see the module text there.
#[test]
fn a_receiver_never_waits_while_there_is_a_message() {
    crate::bounded(3, || {
        let messages = Arc::new(Mutex::new(0));
        let receiver = Arc::new(AtomicUsize::new(NONE));
        let bell = Arc::new(crate::bell::Bell::new());
        let senders: Vec<_> = (0..2)
            .map(|_| {
                let (messages, receiver, bell) = (messages.clone(), receiver.clone(), bell.clone());
                thread::spawn(move || {
                    *messages.lock().unwrap() += 1;
                    if receiver.swap(SIGNAL, Ordering::AcqRel) == NUMBER {
                        bell.ring();
                    }
                })
            })
            .collect();
        let mut taken = 0;
        while taken < 2 {
            let mut waiting = messages.lock().unwrap();
            if *waiting > 0 {
                *waiting -= 1;
                taken += 1;
                continue;
            }
            // The engine stores: in loom's order of modifications, which is partial, the exchanges below might overlook that.
            receiver.swap(NONE, Ordering::AcqRel);
            drop(waiting);
            let left = receiver.compare_exchange(NONE, NUMBER, Ordering::AcqRel, Ordering::Acquire);
            if left.is_ok() {
                bell.wait();
            }
        }
        senders.into_iter().for_each(|sender| sender.join().unwrap());
    });
}

/// `table::wait` and `table::wake_one`: the word is compared under the bucket's lock, and changed before the waker takes it.
#[test]
fn a_change_of_the_word_and_a_wake_are_never_lost() {
    crate::bounded(3, || {
        let word = Arc::new(AtomicU32::new(0));
        let bucket = Arc::new(crate::rt::spin::Spin::new(None::<Arc<crate::bell::Bell>>));
        let (their_word, their_bucket) = (word.clone(), bucket.clone());
        let waker = thread::spawn(move || {
            their_word.store(1, Ordering::Release);
            let taken = their_bucket.lock().take();
            if let Some(bell) = taken {
                bell.ring();
            }
        });
        while word.load(Ordering::Acquire) == 0 {
            let bell = Arc::new(crate::bell::Bell::new());
            {
                let mut bucket = bucket.lock();
                if word.load(Ordering::Relaxed) != 0 {
                    break;
                }
                *bucket = Some(bell.clone());
            }
            bell.wait();
        }
        waker.join().unwrap();
    });
}

/// `join::Shared::finish` against `Join::join` and the drop of the handle: the result is taken by one side, after it was written.
#[test]
fn a_result_goes_to_the_joiner_or_is_dropped_by_the_thread() {
    const DETACHED: usize = 3;
    loom::model(|| {
        let done = Arc::new(AtomicUsize::new(NONE));
        let result = Arc::new(UnsafeCell::new(0));
        let dropped = Arc::new(AtomicUsize::new(0));
        let (their_done, their_result, their_drops) = (done.clone(), result.clone(), dropped.clone());
        let finishing = thread::spawn(move || {
            write(&their_result, 9);
            if their_done.swap(SIGNAL, Ordering::AcqRel) == DETACHED {
                write(&their_result, 0);
                their_drops.fetch_add(1, Ordering::Relaxed);
            }
        });
        let detached = done.compare_exchange(NONE, DETACHED, Ordering::AcqRel, Ordering::Acquire);
        if detached.is_err() {
            assert_eq!(read(&result), 9);
            write(&result, 0);
            dropped.fetch_add(1, Ordering::Relaxed);
        }
        finishing.join().unwrap();
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
    });
}
