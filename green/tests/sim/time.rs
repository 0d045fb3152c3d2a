//! Virtual time.

use std::time::SystemTime;

use threadbare::sim::{self, Builder, Cause, Schedule};
use threadbare::sync::{Arc, Condvar, Mutex, mpsc};
use threadbare::thread;
use threadbare::time::{self, Duration, Instant};

const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn days_pass_in_no_time() {
    let run = sim::run(Schedule::random(0), || {
        let (start, calendar) = (Instant::now(), SystemTime::now());
        time::sleep(DAY);
        (start.elapsed(), calendar.elapsed().unwrap())
    });
    assert_eq!(run.result.unwrap(), (DAY, DAY));
    assert_eq!(run.trace.elapsed(), DAY);
}

#[test]
fn sleepers_wake_in_the_order_of_their_deadlines() {
    Builder::new().seeds(30).explore(|| {
        let woken = Arc::new(Mutex::new(Vec::new()));
        let sleepers: Vec<_> = [30, 10, 20]
            .map(|seconds| {
                let woken = woken.clone();
                thread::spawn(move || {
                    time::sleep(Duration::from_secs(seconds));
                    woken.lock().unwrap().push(seconds);
                })
            })
            .into();
        sleepers.into_iter().for_each(|sleeper| sleeper.join().unwrap());
        assert_eq!(*woken.lock().unwrap(), [10, 20, 30]);
    });
}

#[test]
fn time_stands_still_while_a_thread_can_run() {
    Builder::new().seeds(30).explore(|| {
        let start = Instant::now();
        let busy = thread::spawn(|| (0..100).for_each(|_| thread::yield_now()));
        busy.join().unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO);
    });
}

#[test]
fn a_timeout_comes_only_when_nothing_else_can() {
    Builder::new().seeds(100).explore(|| {
        let (sender, receiver) = mpsc::channel();
        let worker = thread::spawn(move || {
            for _ in 0..10 {
                thread::yield_now();
            }
            sender.send(1).unwrap();
        });
        assert_eq!(receiver.recv_timeout(Duration::from_nanos(1)), Ok(1));
        worker.join().unwrap();
    });
}

#[test]
fn every_wait_with_a_timeout_ends_at_its_deadline() {
    Builder::new().seeds(10).explore(|| {
        let start = Instant::now();
        thread::park_timeout(DAY);
        let pair = (Mutex::new(()), Condvar::new());
        let (guard, result) = pair.1.wait_timeout(pair.0.lock().unwrap(), DAY).unwrap();
        drop(guard);
        assert!(result.timed_out());
        let (_sender, receiver) = mpsc::channel::<()>();
        assert!(receiver.recv_timeout(DAY).is_err());
        let moments: Vec<_> = time::interval(DAY).take(3).collect();
        assert_eq!(moments[2] - start, 5 * DAY);
        assert_eq!(start.elapsed(), 5 * DAY);
    });
}

#[test]
fn looking_at_the_clock_for_ever_ends_as_too_long() {
    let run = Builder::new().most_decisions(1000).run(Schedule::random(3), || {
        let end = Instant::now() + Duration::from_secs(1);
        while Instant::now() < end {
            thread::yield_now();
        }
    });
    assert!(matches!(run.result, Err(Cause::TooLong(_))));
}

#[test]
fn the_clock_outside_goes_on() {
    let before = (Instant::now(), SystemTime::now());
    let inside = sim::run(Schedule::random(1), || (Instant::now(), SystemTime::now()));
    let inside = inside.result.unwrap();
    assert!(inside.0 > before.0 + 1000 * DAY, "another clock");
    let after = (Instant::now(), SystemTime::now());
    assert!(before.0 <= after.0 && after.0 < inside.0);
    assert!(before.1 <= after.1 + DAY && after.1 < inside.1 + 10_000 * DAY);
}
