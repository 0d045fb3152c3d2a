use crate::fair::{self, Floor};
use crate::{Key, Prefer, RunQueue};
use alloc::vec::Vec;
use proptest::prelude::*;

#[test]
fn real_time_runs_before_fair_and_higher_priority_first() {
    let mut queue = RunQueue::new();
    queue.push(Key::fair(0), "fair");
    queue.push(Key::real_time(1), "low");
    queue.push(Key::real_time(99), "high");
    let order: Vec<_> = core::iter::from_fn(|| queue.pop(Prefer::RealTime)).collect();
    assert_eq!(order, ["high", "low", "fair"]);
}

#[test]
fn fair_tasks_can_be_preferred_for_once() {
    let mut queue = RunQueue::new();
    queue.push(Key::real_time(99), "real-time");
    assert_eq!(queue.first(Prefer::Fair), Some(Key::real_time(99)));
    queue.push(Key::fair(7), "fair");
    assert_eq!(queue.first(Prefer::RealTime), Some(Key::real_time(99)));
    assert_eq!(queue.first(Prefer::Fair), Some(Key::fair(7)));
    assert_eq!(
        (queue.pop(Prefer::Fair), queue.pop(Prefer::Fair)),
        (Some("fair"), Some("real-time"))
    );
}

#[test]
fn equal_keys_keep_their_order_and_the_front_comes_first() {
    let mut queue = RunQueue::new();
    let key = Key::real_time(5);
    for task in [1, 2, 3] {
        queue.push(key, task);
    }
    queue.push_front(key, 0);
    let order: Vec<_> = core::iter::from_fn(|| queue.pop(Prefer::RealTime)).collect();
    assert_eq!(order, [0, 1, 2, 3]);
}

#[test]
fn a_task_is_taken_out_of_the_middle() {
    let mut queue = RunQueue::new();
    for task in 0..10u64 {
        queue.push(Key::fair(task), task);
    }
    assert_eq!(queue.remove(|&task| task == 4), Some(4));
    assert_eq!(queue.remove(|&task| task == 4), None);
    let order: Vec<_> = core::iter::from_fn(|| queue.pop(Prefer::RealTime)).collect();
    assert_eq!(order, [0, 1, 2, 3, 5, 6, 7, 8, 9]);
}

#[test]
fn room_once_made_is_kept() {
    let mut queue = RunQueue::new();
    assert_eq!(queue.reserve(100), Ok(()));
    queue.push(Key::fair(1), 1);
    assert_eq!(queue.remove(|_| true), Some(1));
    assert!(queue.is_empty());
    assert_eq!(queue.reserve(100), Ok(()));
}

#[test]
fn weights_are_those_of_linux_at_the_ends() {
    assert_eq!(
        [fair::weight(-20), fair::weight(0), fair::weight(19)],
        [88761, 1024, 15]
    );
    assert_eq!([fair::weight(-128), fair::weight(127)], [88761, 15]);
}

#[test]
fn a_sleeper_cannot_save_its_time_up() {
    let mut floor = Floor::new();
    floor.lift(1_000_000_000);
    assert_eq!(floor.place_woken(5), 1_000_000_000 - fair::SLEEPER_CREDIT);
    assert_eq!(floor.place_woken(2_000_000_000), 2_000_000_000);
    floor.lift(7);
    assert_eq!(floor.time(), 1_000_000_000);
}

/// Runs tasks of these nice levels for `turns` slices, always the first for a slice; returns how long each ran.
fn shares(nice: &[i8], turns: usize) -> Vec<u64> {
    let mut queue = RunQueue::new();
    let mut ran = alloc::vec![0; nice.len()];
    for task in 0..nice.len() {
        queue.push(Key::fair(0), (task, 0));
    }
    for _ in 0..turns {
        let (task, time): (usize, u64) = queue.pop(Prefer::RealTime).expect("they are all ready");
        ran[task] += fair::SLICE;
        let time = time + fair::virtual_time(fair::SLICE, fair::weight(nice[task]));
        queue.push(Key::fair(time), (task, time));
    }
    ran
}

proptest! {
    #[test]
    fn shares_follow_the_weights(nice in prop::collection::vec(-10i8..=10, 2..6)) {
        let ran = shares(&nice, 100_000);
        let total: u64 = ran.iter().sum();
        let weights: u64 = nice.iter().map(|&nice| u64::from(fair::weight(nice))).sum();
        for (ran, nice) in ran.iter().zip(&nice) {
            let due = u128::from(total) * u128::from(fair::weight(*nice)) / u128::from(weights);
            let off = u128::from(*ran).abs_diff(due);
            prop_assert!(off <= due / 50 + 2 * u128::from(fair::SLICE), "ran {ran}, due {due}");
        }
    }

    #[test]
    fn the_order_is_that_of_a_stable_sort(keys in prop::collection::vec(0u64..8, 0..50)) {
        let mut queue = RunQueue::new();
        for (number, &key) in keys.iter().enumerate() {
            queue.push(Key::fair(key), number);
        }
        let mut expected: Vec<_> = (0..keys.len()).collect();
        expected.sort_by_key(|&number| keys[number]);
        let order: Vec<_> = core::iter::from_fn(|| queue.pop(Prefer::RealTime)).collect();
        prop_assert_eq!(order, expected);
    }
}
