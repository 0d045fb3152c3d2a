//! What std promises of its threads and primitives, under contention, between green and operating-system threads, in both modes.

mod again;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use threadbare::sync::mpsc::{RecvTimeoutError, TryRecvError, TrySendError};
use threadbare::sync::{Arc, Barrier, Condvar, LazyLock, Mutex, Once, OnceLock, RwLock, TryLockError, mpsc};
use threadbare::thread;

#[test]
fn again_in_other_configurations() {
    again::in_configurations(&[
        "THREADBARE_MODE=pinned THREADBARE_WORKERS=1",
        "THREADBARE_MODE=pinned THREADBARE_WORKERS=4",
        "THREADBARE_MODE=isolated THREADBARE_WORKERS=1",
        "THREADBARE_MODE=isolated THREADBARE_WORKERS=4",
    ]);
}

/// Runs `body` on `green` green threads and `plain` operating-system threads at once.
fn on_both(green: usize, plain: usize, body: impl Fn(usize) + Sync) {
    let body = &body;
    std::thread::scope(|outer| {
        for index in 0..plain {
            outer.spawn(move || body(index));
        }
        thread::scope(|scope| {
            for index in 0..green {
                scope.spawn(move || body(plain + index));
            }
        });
    });
}

#[test]
fn a_mutex_excludes() {
    let (lock, inside) = (Mutex::new(0_u64), AtomicUsize::new(0));
    on_both(50, 4, |index| {
        for round in 0..500 {
            let mut guard = lock.lock().unwrap();
            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
            *guard += 1;
            if (round + index) % 7 == 0 {
                thread::yield_now();
            }
            inside.fetch_sub(1, Ordering::SeqCst);
        }
    });
    assert_eq!(lock.into_inner().unwrap(), 54 * 500);
}

#[test]
fn a_mutex_is_poisoned_by_a_panic_and_can_be_cleared() {
    let lock = Arc::new(Mutex::new(1));
    let inner = lock.clone();
    let panics = thread::spawn(move || {
        let _guard = inner.lock().unwrap();
        std::panic::resume_unwind(Box::new(()));
    });
    assert!(panics.join().is_err());
    // `resume_unwind` counts as a panic: the guard was dropped by unwinding.
    assert!(lock.is_poisoned());
    assert!(matches!(lock.try_lock(), Err(TryLockError::Poisoned(_))));
    assert_eq!(*lock.lock().unwrap_err().into_inner(), 1);
    lock.clear_poison();
    assert_eq!(*lock.lock().unwrap(), 1);
}

#[test]
fn readers_share_and_writers_exclude() {
    let (lock, readers, writers) = (RwLock::new(0_u64), AtomicUsize::new(0), AtomicUsize::new(0));
    on_both(40, 4, |index| {
        for round in 0..200 {
            if (index + round) % 5 == 0 {
                let mut guard = lock.write().unwrap();
                assert_eq!(writers.fetch_add(1, Ordering::SeqCst), 0);
                assert_eq!(readers.load(Ordering::SeqCst), 0);
                *guard += 1;
                thread::yield_now();
                writers.fetch_sub(1, Ordering::SeqCst);
                if round % 2 == 0 {
                    let reader = threadbare::sync::RwLockWriteGuard::downgrade(guard);
                    assert!(*reader > 0);
                }
            } else {
                let guard = lock.read().unwrap();
                readers.fetch_add(1, Ordering::SeqCst);
                assert_eq!(writers.load(Ordering::SeqCst), 0);
                let before = *guard;
                thread::yield_now();
                assert_eq!(before, *guard);
                readers.fetch_sub(1, Ordering::SeqCst);
            }
        }
    });
    assert_eq!(lock.into_inner().unwrap(), 44 * 200 / 5);
}

#[test]
fn conditions_wake_whom_they_should() {
    let pair = (Mutex::new(0_usize), Condvar::new());
    let (turns, threads) = (50, 12);
    // Each waits for its turn, so that a lost wake-up would hang.
    on_both(10, 2, |index| {
        for turn in 0..turns {
            let mine = turn * threads + index;
            let mut guard = pair
                .1
                .wait_while(pair.0.lock().unwrap(), |next| *next != mine)
                .unwrap();
            *guard += 1;
            drop(guard);
            pair.1.notify_all();
        }
    });
    assert_eq!(*pair.0.lock().unwrap(), turns * threads);
}

#[test]
fn timed_waits_end_in_time_and_lose_no_notification() {
    let pair = (Mutex::new(false), Condvar::new());
    on_both(8, 2, |_| {
        let start = Instant::now();
        let guard = pair.0.lock().unwrap();
        let (guard, result) = pair
            .1
            .wait_timeout_while(guard, Duration::from_millis(20), |done| !*done)
            .unwrap();
        assert!(result.timed_out() && !*guard);
        assert!(start.elapsed() >= Duration::from_millis(20));
    });
    // One that will time out and one that will not: the notification has to reach the latter.
    for _ in 0..50 {
        let pair = (Mutex::new(false), Condvar::new());
        on_both(2, 0, |index| {
            let guard = pair.0.lock().unwrap();
            if index == 0 {
                drop(pair.1.wait_timeout(guard, Duration::from_micros(50)).unwrap());
                *pair.0.lock().unwrap() = true;
                pair.1.notify_one();
            } else {
                drop(pair.1.wait_while(guard, |done| !*done).unwrap());
            }
        });
    }
}

#[test]
fn barriers_have_one_leader_each_round() {
    let (barrier, leaders) = (Barrier::new(12), AtomicUsize::new(0));
    on_both(10, 2, |_| {
        for round in 1..=100 {
            if barrier.wait().is_leader() {
                leaders.fetch_add(1, Ordering::SeqCst);
            }
            barrier.wait();
            assert!(leaders.load(Ordering::SeqCst) >= round);
        }
    });
    assert_eq!(leaders.load(Ordering::SeqCst), 100);
}

#[test]
fn once_runs_once_and_tells_of_panics() {
    let (once, runs) = (Once::new(), AtomicUsize::new(0));
    on_both(20, 4, |_| {
        once.call_once(|| {
            thread::yield_now();
            runs.fetch_add(1, Ordering::SeqCst);
        });
        assert_eq!(runs.load(Ordering::SeqCst), 1);
    });
    let once = Once::new();
    assert!(catch_unwind(|| once.call_once(|| std::panic::resume_unwind(Box::new(())))).is_err());
    assert!(catch_unwind(|| once.call_once(|| ())).is_err());
    once.call_once_force(|state| assert!(state.is_poisoned()));
    assert!(once.is_completed());
    let late = Arc::new(Once::new());
    let inner = late.clone();
    let waits = thread::spawn(move || inner.wait());
    thread::yield_now();
    late.call_once(|| ());
    waits.join().unwrap();
}

#[test]
fn cells_are_written_once() {
    let cell = OnceLock::new();
    let runs = AtomicUsize::new(0);
    on_both(20, 4, |index| {
        let value = *cell.get_or_init(|| {
            thread::yield_now();
            runs.fetch_add(1, Ordering::SeqCst);
            index
        });
        assert_eq!(Some(&value), cell.get());
    });
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    assert!(cell.set(99).is_err());
    static LAZY: LazyLock<Vec<u32>> = LazyLock::new(|| {
        thread::yield_now();
        (0..3).collect()
    });
    on_both(10, 2, |_| assert_eq!(*LAZY, [0, 1, 2]));
}

#[test]
fn channels_deliver_everything_once_in_order() {
    for bound in [None, Some(0), Some(1), Some(7)] {
        let (count, senders) = (300, 12);
        let (send, receiver): (Box<dyn Fn(usize, usize) + Sync>, _) = match bound {
            None => {
                let (sender, receiver) = mpsc::channel();
                (
                    Box::new(move |index, number| sender.send((index, number)).unwrap()),
                    receiver,
                )
            }
            Some(bound) => {
                let (sender, receiver) = mpsc::sync_channel(bound);
                (
                    Box::new(move |index, number| sender.send((index, number)).unwrap()),
                    receiver,
                )
            }
        };
        let received = thread::spawn(move || {
            let mut next = vec![0; senders];
            for (index, number) in receiver {
                assert_eq!(next[index], number, "each sender's messages come in order");
                next[index] += 1;
            }
            next
        });
        on_both(senders - 2, 2, |index| {
            (0..count).for_each(|number| send(index, number))
        });
        drop(send);
        assert_eq!(received.join().unwrap(), vec![count; senders], "bound {bound:?}");
    }
}

#[test]
fn channels_tell_of_the_other_side_s_end() {
    let (sender, receiver) = mpsc::channel::<u32>();
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    let start = Instant::now();
    assert_eq!(
        receiver.recv_timeout(Duration::from_millis(10)),
        Err(RecvTimeoutError::Timeout)
    );
    assert!(start.elapsed() >= Duration::from_millis(10));
    sender.send(1).unwrap();
    drop(sender);
    assert_eq!(receiver.recv(), Ok(1));
    assert!(receiver.recv().is_err());
    let (sender, receiver) = mpsc::sync_channel(1);
    sender.try_send(1).unwrap();
    assert_eq!(sender.try_send(2), Err(TrySendError::Full(2)));
    // A sender that waits for room gets its message back when the receiver goes.
    let waits = thread::spawn(move || sender.send(3));
    for _ in 0..10 {
        thread::yield_now();
    }
    drop(receiver);
    assert_eq!(waits.join().unwrap().unwrap_err().0, 3);
    let (sender, receiver) = mpsc::sync_channel(0);
    assert_eq!(sender.try_send(1), Err(TrySendError::Full(1)));
    let waits = thread::spawn(move || sender.send(4));
    for _ in 0..10 {
        thread::yield_now();
    }
    drop(receiver);
    assert_eq!(waits.join().unwrap().unwrap_err().0, 4);
}

#[test]
fn parking_takes_the_token_and_locks_leave_it_alone() {
    let thread = thread::spawn(|| {
        thread::current().unpark();
        // A contended lock in between must not take the token.
        let lock = Mutex::new(());
        thread::scope(|scope| {
            let guard = lock.lock().unwrap();
            scope.spawn(|| drop(lock.lock().unwrap()));
            thread::yield_now();
            drop(guard);
        });
        thread::current().unpark();
        thread::park();
        let start = Instant::now();
        thread::park_timeout(Duration::from_millis(10));
        start.elapsed()
    });
    assert!(thread.join().unwrap() >= Duration::from_millis(9));
    let flag = Arc::new(AtomicBool::new(false));
    for _ in 0..100 {
        let inner = flag.clone();
        inner.store(false, Ordering::SeqCst);
        let parked = thread::spawn(move || {
            while !inner.load(Ordering::SeqCst) {
                thread::park();
            }
        });
        flag.store(true, Ordering::SeqCst);
        parked.thread().unpark();
        parked.join().unwrap();
    }
}

#[test]
fn sleepers_wake_in_the_order_of_their_deadlines() {
    let (sender, receiver) = mpsc::channel();
    let start = Instant::now();
    for millis in [40_u64, 10, 30, 20] {
        let sender = sender.clone();
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(millis));
            sender.send((millis, start.elapsed())).unwrap();
        });
    }
    drop(sender);
    let woken: Vec<_> = receiver.iter().collect();
    assert_eq!(woken.len(), 4);
    assert!(
        woken
            .iter()
            .all(|(millis, elapsed)| *elapsed >= Duration::from_millis(*millis))
    );
}

#[test]
fn scopes_wait_and_pass_panics_on() {
    let mut data = vec![1, 2, 3];
    let total = AtomicUsize::new(0);
    let returned = thread::scope(|scope| {
        let outer = scope.spawn(|| {
            scope.spawn(|| total.fetch_add(10, Ordering::SeqCst));
            data.push(4);
            data.len()
        });
        outer.join().unwrap()
    });
    assert_eq!((returned, total.load(Ordering::SeqCst)), (4, 10));
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        thread::scope(|scope| {
            scope.spawn(|| std::panic::resume_unwind(Box::new("inner")));
        });
    }));
    assert!(outcome.is_err(), "a panic that nobody joined is the scope's");
    thread::scope(|scope| {
        let joined = scope.spawn(|| std::panic::resume_unwind(Box::new("inner")));
        assert!(joined.join().is_err());
    });
}

#[test]
fn results_are_dropped_once_joined_or_not() {
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let drops = Arc::new(AtomicUsize::new(0));
    for round in 0..100 {
        let counted = Counted(drops.clone());
        let handle = thread::spawn(move || counted);
        let kept = handle.thread().clone();
        match round % 3 {
            0 => drop(handle.join().unwrap()),
            1 => drop(handle),
            _ => {
                while !handle.is_finished() {
                    thread::yield_now();
                }
                drop(handle);
            }
        }
        while drops.load(Ordering::SeqCst) <= round {
            thread::yield_now();
        }
        assert_eq!(kept.name(), None);
    }
    assert_eq!(drops.load(Ordering::SeqCst), 100);
}

#[test]
fn large_closures_results_and_stacks_work() {
    let big = [7_u8; 20_000];
    let sum = thread::Builder::new()
        .stack_size(4 << 20)
        .name("big".into())
        .spawn(move || {
            assert_eq!(thread::current().name(), Some("big"));
            let local = std::hint::black_box([1_u8; 600_000]);
            (big, local.iter().map(|&byte| usize::from(byte)).sum::<usize>())
        })
        .unwrap()
        .join()
        .unwrap();
    assert_eq!((sum.0[19_999], sum.1), (7, 600_000));
    assert!(
        thread::Builder::new()
            .stack_size(usize::MAX)
            .spawn(|| ())
            .is_err()
    );
}

#[test]
fn a_panic_with_a_backtrace_fits_the_default_stack() {
    let outcome = thread::spawn(|| {
        let trace = std::backtrace::Backtrace::force_capture().to_string();
        assert!(trace.contains("threadbare::rt::switch::enter"), "{trace}");
        panic!("printed by the default hook, with what the environment asks for");
    })
    .join();
    assert!(outcome.is_err());
}

/// Unwinds stacks that would change or end if nobody held them still.
#[test]
fn dumps_may_be_made_while_threads_come_wait_and_go() {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let (sender, receiver) = mpsc::channel::<thread::Thread>();
                let echo = scope.spawn(move || receiver.iter().for_each(|thread| thread.unpark()));
                while !done.load(Ordering::Relaxed) {
                    sender.send(thread::current()).unwrap();
                    thread::park();
                    thread::spawn(thread::yield_now).join().unwrap();
                }
                drop(sender);
                echo.join().unwrap();
            });
        }
        for _ in 0..50 {
            assert!(threadbare::runtime::dump().contains("green threads"));
            thread::yield_now();
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn many_threads_of_all_ages_finish() {
    let count = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                thread::scope(|inner| {
                    for index in 0..300 {
                        let count = &count;
                        inner.spawn(move || {
                            for _ in 0..index % 5 {
                                thread::yield_now();
                            }
                            count.fetch_add(1, Ordering::Relaxed);
                        });
                    }
                });
            });
        }
    });
    assert_eq!(count.load(Ordering::Relaxed), 6000);
}
