//! The words of an entry, without the kernel.

use std::time::{Duration, Instant};

use super::entry::Entry;
use crate::rt::{State, Waiter};
use crate::thread;

#[test]
fn an_event_between_a_call_and_its_answer_is_not_lost() {
    let entry = Entry::new();
    let seen = entry.read.look();
    assert!(seen.is_ready());
    entry.read.happened(7, &entry.reader, |_| panic!("nobody waits"));
    assert!(!entry.read.exhausted(seen));
    assert!(entry.read.look().is_ready());
    assert!(entry.read.exhausted(entry.read.look()));
    assert!(!entry.read.look().is_ready());
}

#[test]
fn a_short_transfer_says_nothing_once_the_peer_has_shut_down() {
    let entry = Entry::new();
    entry.read.was_short(entry.read.look());
    assert!(!entry.read.look().is_ready());
    entry.read.make_unsure();
    entry.read.happened(1, &entry.reader, |_| ());
    entry.read.was_short(entry.read.look());
    assert!(entry.read.look().is_ready());
}

#[test]
fn an_event_wakes_all_that_wait() {
    static ENTRY: std::sync::LazyLock<Entry> = std::sync::LazyLock::new(Entry::new);
    assert!(ENTRY.read.exhausted(ENTRY.read.look()));
    let waiters: Vec<_> = (0..5)
        .map(|_| thread::spawn(|| ENTRY.read.wait(Waiter::current(), None, State::Reading)))
        .collect();
    while !ENTRY.read.has_waiters() {
        std::thread::yield_now();
    }
    let mut woken = 0;
    ENTRY.read.happened(1, &ENTRY.reader, |waiter| {
        woken += 1;
        waiter.wake();
    });
    assert!(woken >= 1);
    // Those that came later found the event.
    assert!(waiters.into_iter().all(|waiter| waiter.join().unwrap()));
    ENTRY
        .read
        .happened(2, &ENTRY.reader, |_| panic!("nobody waits any more"));
}

#[test]
fn a_deadline_ends_a_wait_that_no_event_does() {
    let waited = thread::spawn(|| {
        let entry = Entry::new();
        assert!(entry.write.exhausted(entry.write.look()));
        let deadline = Instant::now() + Duration::from_millis(5);
        let woken = entry
            .write
            .wait(Waiter::current(), Some(deadline), State::Writing);
        (woken, Instant::now() >= deadline)
    });
    assert_eq!(waited.join().unwrap(), (false, true));
}
