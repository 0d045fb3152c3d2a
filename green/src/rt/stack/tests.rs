//! Slots: sizes, guards, reuse and lookup by address.

use super::chunk;
use super::{CLASSES, DEFAULT_STACK_SIZE, PAGE, Pool, class_for, class_size};

#[test]
fn a_class_has_at_least_the_size_that_was_asked_for() {
    for size in [
        0,
        1,
        DEFAULT_STACK_SIZE,
        DEFAULT_STACK_SIZE + 1,
        1 << 20,
        (1 << 20) + 1,
        4 << 30,
    ] {
        let class = class_for(size).expect("a class");
        assert!(class_size(class) >= size);
        assert!(usize::from(class) < CLASSES);
    }
    assert!(class_for((4 << 30) + 1).is_err());
}

#[test]
fn slots_are_distinct_writable_and_found_by_address() {
    let pool = Pool::new(5000);
    let slots: Vec<_> = (0..100).map(|_| pool.take(0).expect("a slot")).collect();
    for (index, slot) in slots.iter().enumerate() {
        slot.closure.store(index, std::sync::atomic::Ordering::Relaxed);
    }
    for (index, slot) in slots.iter().enumerate() {
        assert_eq!(slot.closure.load(std::sync::atomic::Ordering::Relaxed), index);
        let hit = chunk::find(slot.stack_base() - 1).expect("inside a slot");
        assert!(std::ptr::eq(hit.control, *slot));
        assert!(!hit.in_guard);
        let guard = chunk::find(hit.limit - 1).expect("the guard belongs to the slot");
        assert!(guard.in_guard && std::ptr::eq(guard.control, *slot));
        // The promised size, but for the blocks at the top of the default class.
        assert!(slot.stack_base() - hit.limit >= DEFAULT_STACK_SIZE - 5000 - 2 * PAGE);
    }
    let stride = slots[1].stack_base() - slots[0].stack_base();
    assert_eq!(stride / PAGE % 2, 1, "an odd number of pages");
}

#[test]
fn given_slots_come_back_before_fresh_ones() {
    let pool = Pool::new(0);
    let first = pool.take(1).expect("a slot");
    pool.give(1, &mut std::iter::once(first));
    assert_eq!(pool.free(), 1);
    pool.trim(10);
    assert_eq!(pool.free(), 1);
    let again = pool.take(1).expect("a slot");
    assert!(std::ptr::eq(first, again));
}

#[test]
fn larger_classes_promise_their_size_in_full() {
    let pool = Pool::new(4300);
    for class in 1..4 {
        let slot = pool.take(class).expect("a slot");
        let hit = chunk::find(slot.stack_base() - 1).expect("inside a slot");
        assert!(slot.stack_base() - hit.limit >= class_size(class));
    }
}
