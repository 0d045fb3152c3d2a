//! std's threads: what a program has today.

use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use super::{WORKING, work};
use crate::measure::{Samples, memory, time};

pub fn measure(bench: &str) -> Option<Samples> {
    Some(match bench {
        "yield" => Samples::take(|count| {
            let other = thread::spawn(move || (0..count / 2).for_each(|_| thread::yield_now()));
            time(|| {
                (0..count / 2).for_each(|_| thread::yield_now());
                other.join().unwrap();
            })
        }),
        "hop" => Samples::take(hop),
        "mutex" => Samples::take(mutex),
        "spawn" => {
            Samples::take(|count| time(|| (0..count).for_each(|_| thread::spawn(|| ()).join().unwrap())))
        }
        "spawn1000" => Samples::few(5, 1000, || {
            time(|| {
                let threads: Vec<_> = (0..1000).map(|_| thread::spawn(|| ())).collect();
                threads.into_iter().for_each(|thread| thread.join().unwrap());
            })
        }),
        "work" => Samples::few(3, 1_000_000, || {
            time(|| {
                let threads: Vec<_> = (0..WORKING)
                    .map(|seed| thread::spawn(move || work(seed)))
                    .collect();
                std::hint::black_box(threads.into_iter().map(|thread| thread.join().unwrap()).max());
            })
        }),
        // A hundred thousand are impossible; a thousand tell the size of one.
        "parked100k" => Samples(vec![parked(1000)]),
        _ => return None,
    })
}

fn hop(count: u64) -> Duration {
    let (ping, pings) = mpsc::channel::<u64>();
    let (pong, pongs) = mpsc::channel::<u64>();
    let other = thread::spawn(move || pings.iter().for_each(|number| pong.send(number).unwrap()));
    let all = time(|| {
        for number in 0..count / 2 {
            ping.send(number).unwrap();
            assert_eq!(pongs.recv(), Ok(number));
        }
    });
    drop(ping);
    other.join().unwrap();
    all
}

fn mutex(count: u64) -> Duration {
    let lock = Arc::new(Mutex::new(0_u64));
    let turns = |lock: Arc<Mutex<u64>>| {
        for _ in 0..count / 2 {
            let mut guard = lock.lock().unwrap();
            *guard += 1;
            thread::yield_now();
            drop(guard);
            thread::yield_now();
        }
    };
    let theirs = lock.clone();
    time(|| {
        thread::scope(|scope| {
            scope.spawn(|| turns(theirs));
            turns(lock.clone());
        });
    })
}

fn parked(count: usize) -> f64 {
    let before = memory();
    let threads: Vec<_> = (0..count).map(|_| thread::spawn(thread::park)).collect();
    thread::sleep(Duration::from_millis(200));
    let after = memory();
    threads.iter().for_each(|thread| thread.thread().unpark());
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    (after - before) as f64 / count as f64
}
