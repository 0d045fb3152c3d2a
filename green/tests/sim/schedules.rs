//! Which orders of events runs see, and that a seed always gives the same.

use std::collections::{BTreeSet, HashMap};

use threadbare::sim::{self, Builder, Cause, Schedule};
use threadbare::sync::atomic::{AtomicUsize, Ordering};
use threadbare::sync::{Arc, Barrier, Condvar, Mutex, Once, OnceLock, RwLock, mpsc};
use threadbare::thread;

/// Both strategies, several seeds.
fn schedules() -> impl Iterator<Item = Schedule> {
    (0..20).flat_map(|seed| [Schedule::random(seed), Schedule::pct(3, 100, seed)])
}

/// A bit of everything.
fn everything() -> Vec<usize> {
    let log = Arc::new(Mutex::new(Vec::new()));
    let (sender, receiver) = mpsc::sync_channel(1);
    let table = Arc::new(RwLock::new(0));
    let barrier = Arc::new(Barrier::new(3));
    let once = Arc::new(Once::new());
    let workers: Vec<_> = (0..3)
        .map(|id| {
            let (log, sender, table) = (log.clone(), sender.clone(), table.clone());
            let (barrier, once) = (barrier.clone(), once.clone());
            thread::spawn(move || {
                *table.write().unwrap() += id;
                once.call_once(thread::yield_now);
                barrier.wait();
                log.lock().unwrap().push(id);
                sender.send(*table.read().unwrap()).unwrap();
                thread::yield_now();
                log.lock().unwrap().push(10 + id);
            })
        })
        .collect();
    drop(sender);
    assert_eq!(receiver.iter().sum::<usize>(), 9);
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    log.lock().unwrap().clone()
}

#[test]
fn a_schedule_gives_the_same_run_every_time() {
    for schedule in schedules() {
        let first = sim::run(schedule, everything);
        let second = sim::run(schedule, everything);
        assert_eq!(first.result.unwrap(), second.result.unwrap(), "{schedule}");
        assert_eq!(first.trace, second.trace, "{schedule}");
        assert_eq!(first.trace.difference(&second.trace), None);
        assert!(first.trace.steps() > 10);
    }
}

#[test]
fn schedules_differ() {
    let orders: BTreeSet<_> = schedules()
        .map(|schedule| sim::run(schedule, everything).result.unwrap())
        .collect();
    assert!(orders.len() > 20, "{orders:?}");
}

#[test]
fn thread_numbers_and_hash_keys_come_from_the_seed() {
    let look = || {
        let other = thread::spawn(|| thread::current().id()).join().unwrap();
        let map: HashMap<usize, ()> = (0..100).map(|key| (key, ())).collect();
        (format!("{other:?}"), map.into_keys().collect::<Vec<_>>())
    };
    let of = |seed| sim::run(Schedule::random(seed), look).result.unwrap();
    assert_eq!(of(1), of(1));
    assert_ne!(of(1).1, of(2).1);
}

/// Load and store under a lock each, as if that were enough.
pub(crate) fn lost_update() {
    let number = Arc::new(Mutex::new(0));
    let add = |number: &Mutex<i32>| {
        let seen = *number.lock().unwrap();
        *number.lock().unwrap() = seen + 1;
    };
    let other = number.clone();
    let adder = thread::spawn(move || add(&other));
    add(&number);
    adder.join().unwrap();
    assert_eq!(*number.lock().unwrap(), 2, "lost");
}

#[test]
fn both_strategies_find_a_lost_update_and_replay_it() {
    for builder in [Builder::new(), Builder::new().pct(2)] {
        let failure = builder.search(lost_update).unwrap_err();
        assert!(matches!(failure.cause, Cause::Panic(_)), "{failure}");
        let written: Schedule = failure.schedule.to_string().parse().unwrap();
        for _ in 0..3 {
            let again = builder.run(written, lost_update);
            assert_eq!(again.trace, failure.trace);
            assert!(again.result.is_err());
        }
    }
}

/// Fails only when the first `depth` of many steps of one thread are each overtaken by one step of the other.
fn needs_orderings(depth: usize) -> impl Fn() + Send + Sync + Clone + 'static {
    move || {
        let turn = Arc::new(Mutex::new(0));
        let pace = move |turn: &Mutex<usize>, parity: usize| {
            for step in 0..depth {
                for _ in 0..3 {
                    drop(turn.lock().unwrap());
                }
                let mut turn = turn.lock().unwrap();
                if *turn == 2 * step + parity {
                    *turn += 1;
                }
            }
        };
        let other = turn.clone();
        let thread = thread::spawn(move || pace(&other, 1));
        pace(&turn, 0);
        thread.join().unwrap();
        assert!(*turn.lock().unwrap() < 2 * depth, "the orderings came together");
    }
}

#[test]
fn pct_finds_bugs_of_the_depth_that_it_is_told() {
    // Two steps of each: three changes between the threads.
    let bug = needs_orderings(2);
    let failure = Builder::new().pct(4).seeds(3000).twice(false).search(bug.clone());
    let failure = failure.expect_err("the bug of depth 4");
    assert!(Builder::new().run(failure.schedule, bug.clone()).result.is_err());
    // Without changes each thread runs through: that cannot show it.
    assert_eq!(
        Builder::new().pct(1).seeds(300).twice(false).search(bug).unwrap(),
        300
    );
}

#[test]
fn waiting_for_each_others_locks_is_a_deadlock_and_is_explained() {
    let philosophers = || {
        let (one, two) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
        let (left, right) = (one.clone(), two.clone());
        let other = thread::Builder::new().name("philosopher".to_owned());
        let other = other.spawn(move || {
            let _left = left.lock();
            let _right = right.lock();
        });
        let _right = two.lock();
        let _left = one.lock();
        drop((_left, _right));
        other.unwrap().join().unwrap();
    };
    let failure = Builder::new().search(philosophers).unwrap_err();
    let Cause::Deadlock(threads) = &failure.cause else {
        panic!("{failure}")
    };
    assert_eq!(threads.matches("waiting for the lock at").count(), 2, "{threads}");
    assert!(
        threads.contains("'philosopher'") && threads.contains("'root'"),
        "{threads}"
    );
    assert!(threads.contains("schedules.rs"), "no calls: {threads}");
}

#[test]
fn a_notification_between_a_look_and_the_wait_is_lost_and_found() {
    let lost = || {
        let pair = Arc::new((Mutex::new(()), Condvar::new(), AtomicUsize::new(0)));
        let other = pair.clone();
        let teller = thread::spawn(move || {
            // The mistake: not under the lock.
            other.2.store(1, Ordering::SeqCst);
            other.1.notify_one();
        });
        let mut guard = pair.0.lock().unwrap();
        while pair.2.load(Ordering::SeqCst) == 0 {
            guard = pair.1.wait(guard).unwrap();
        }
        teller.join().unwrap();
    };
    let failure = Builder::new().search(lost).unwrap_err();
    assert!(matches!(failure.cause, Cause::Deadlock(_)), "{failure}");
    assert!(
        failure.to_string().contains("waiting for the condition"),
        "{failure}"
    );
}

#[test]
fn waits_that_do_not_look_again_are_found_when_waits_end_for_no_reason() {
    let once = |looks_again: bool| {
        move || {
            let pair = Arc::new((Mutex::new(false), Condvar::new()));
            let other = pair.clone();
            let teller = thread::spawn(move || {
                *other.0.lock().unwrap() = true;
                other.1.notify_one();
            });
            let mut guard = pair.0.lock().unwrap();
            if looks_again {
                guard = pair.1.wait_while(guard, |told| !*told).unwrap();
            } else if !*guard {
                guard = pair.1.wait(guard).unwrap();
            }
            assert!(*guard, "went on without being told");
            drop(guard);
            teller.join().unwrap();
        }
    };
    assert!(Builder::new().search(once(false)).is_ok());
    assert!(Builder::new().spurious(0.1).search(once(true)).is_ok());
    let failure = Builder::new().spurious(0.1).search(once(false)).unwrap_err();
    assert!(
        failure.to_string().contains("went on without being told"),
        "{failure}"
    );
    let parked = Builder::new()
        .spurious(1.0)
        .run(Schedule::random(0), thread::park);
    assert!(parked.result.is_ok());
}

#[test]
fn an_endless_run_is_given_up() {
    let endless = || {
        loop {
            thread::yield_now();
        }
    };
    let run = Builder::new()
        .most_decisions(500)
        .run(Schedule::random(0), endless);
    assert!(matches!(run.result, Err::<(), _>(Cause::TooLong(500))));
}

#[test]
fn threads_that_look_and_yield_do_not_starve_the_one_they_wait_for() {
    Builder::new().pct(3).seeds(50).explore(|| {
        let flag = Arc::new(AtomicUsize::new(0));
        let other = flag.clone();
        thread::spawn(move || other.store(1, Ordering::Release));
        while flag.load(Ordering::Acquire) == 0 {
            thread::yield_now();
        }
    });
}

#[test]
fn races_of_atomic_operations_are_found_and_std_s_own_at_points() {
    fn racy<N: Default + Send + Sync + 'static>(
        add: fn(&N),
        value: fn(&N) -> usize,
    ) -> impl Fn() + Send + Sync {
        move || {
            let number = Arc::new(N::default());
            let other = number.clone();
            let adder = thread::spawn(move || add(&other));
            add(&number);
            adder.join().unwrap();
            assert_eq!(value(&number), 2);
        }
    }
    let ours = |number: &AtomicUsize| {
        let seen = number.load(Ordering::SeqCst);
        number.store(seen + 1, Ordering::SeqCst);
    };
    let right = |number: &AtomicUsize| {
        number
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |seen| Some(seen + 1))
            .unwrap();
    };
    let look = |number: &AtomicUsize| number.load(Ordering::SeqCst);
    assert!(Builder::new().search(racy(ours, look)).is_err());
    assert!(Builder::new().search(racy(right, look)).is_ok());

    let stds = |number: &std::sync::atomic::AtomicUsize| {
        let seen = number.load(Ordering::SeqCst);
        number.store(seen + 1, Ordering::SeqCst);
    };
    let with_point = |number: &std::sync::atomic::AtomicUsize| {
        let seen = number.load(Ordering::SeqCst);
        sim::point();
        number.store(seen + 1, Ordering::SeqCst);
    };
    let look = |number: &std::sync::atomic::AtomicUsize| number.load(Ordering::SeqCst);
    assert!(Builder::new().search(racy(stds, look)).is_ok());
    assert!(Builder::new().search(racy(with_point, look)).is_err());
}

#[test]
fn what_the_seed_does_not_determine_is_told_with_the_first_difference() {
    static RUNS: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let failure = Builder::new()
        .search(|| {
            if RUNS.fetch_add(1, Ordering::Relaxed) % 2 == 1 {
                thread::spawn(|| {}).join().unwrap();
            }
        })
        .unwrap_err();
    assert!(matches!(failure.cause, Cause::Diverged(_)), "{failure}");
    assert!(failure.to_string().contains("has spawned"), "{failure}");
}

#[test]
fn threads_left_behind_do_not_hold_up_the_end() {
    let left = || {
        let (_sender, receiver) = mpsc::channel::<()>();
        thread::spawn(move || receiver.recv());
        thread::spawn(|| {
            loop {
                thread::yield_now();
            }
        });
        std::mem::forget(_sender);
        7
    };
    for schedule in schedules() {
        assert_eq!(sim::run(schedule, left).result.unwrap(), 7);
    }
}

#[test]
fn panics_and_errors_are_those_of_the_test() {
    let run = sim::run(Schedule::random(1), || -> () { std::panic::panic_any(17_u8) });
    let Err(Cause::Panic(payload)) = run.result else {
        panic!("no panic")
    };
    assert_eq!(payload.downcast_ref(), Some(&17_u8));
    let failure = Builder::new().search(|| Err::<(), _>("wrong")).unwrap_err();
    assert_eq!(failure.passed, 0);
    assert!(failure.to_string().contains("it returned an error: \"wrong\""));
}

#[test]
fn runs_beside_each_other_and_from_green_threads_do_not_meet() {
    let outside = thread::spawn(|| {
        let runs: Vec<_> = (0..4)
            .map(|_| thread::spawn(|| sim::run(Schedule::random(5), everything).trace))
            .collect();
        let traces: Vec<_> = runs.into_iter().map(|run| run.join().unwrap()).collect();
        assert!(traces.iter().all(|trace| *trace == traces[0]));
        assert!(!sim::is_running());
    });
    outside.join().unwrap();
}

#[test]
fn a_run_may_wake_threads_outside() {
    static CELL: OnceLock<mpsc::SyncSender<u8>> = OnceLock::new();
    let (sender, receiver) = mpsc::sync_channel(1);
    CELL.set(sender).unwrap();
    let outside = thread::spawn(move || receiver.recv().unwrap());
    let run = sim::run(Schedule::random(0), || CELL.get().unwrap().send(9).unwrap());
    run.result.unwrap();
    assert_eq!(outside.join().unwrap(), 9);
}
