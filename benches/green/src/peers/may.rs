//! may: stackful coroutines that share thread-locals.

use std::time::Duration;

use may::sync::{Mutex, mpsc};
use may::{coroutine, go};

use super::{FAN, LEAVES, WORKING, work};
use crate::measure::{Samples, memory, time};

pub fn measure(bench: &str) -> Option<Samples> {
    may::config().set_workers(super::workers());
    let bench = bench.to_owned();
    // SAFETY (may's `go!` hides it): nothing here uses thread-locals over a switch.
    go!(move || inside(&bench)).join().ok()?
}

fn inside(bench: &str) -> Option<Samples> {
    Some(match bench {
        "yield" => Samples::take(|count| {
            let other = go!(move || (0..count / 2).for_each(|_| coroutine::yield_now()));
            time(|| {
                (0..count / 2).for_each(|_| coroutine::yield_now());
                other.join().unwrap();
            })
        }),
        "hop" => Samples::take(hop),
        "mutex" => Samples::take(mutex),
        "spawn" => Samples::take(|count| time(|| (0..count).for_each(|_| go!(|| ()).join().unwrap()))),
        "spawn1000" => Samples::few(15, 1000, || {
            time(|| {
                let threads: Vec<_> = (0..1000).map(|_| go!(|| ())).collect();
                threads.into_iter().for_each(|thread| thread.join().unwrap());
            })
        }),
        "work" => Samples::few(5, 1_000_000, || {
            time(|| {
                let threads: Vec<_> = (0..WORKING).map(|seed| go!(move || work(seed))).collect();
                std::hint::black_box(threads.into_iter().map(|thread| thread.join().unwrap()).max());
            })
        }),
        "parked100k" => Samples(vec![parked(100_000)]),
        "parked1m" => Samples(vec![parked(1_000_000)]),
        "skynet" => Samples::few(3, 1_000_000, || {
            time(|| assert_eq!(skynet(), LEAVES * (LEAVES - 1) / 2))
        }),
        _ => return None,
    })
}

fn hop(count: u64) -> Duration {
    let (ping, pings) = mpsc::channel::<u64>();
    let (pong, pongs) = mpsc::channel::<u64>();
    let other = go!(move || {
        while let Ok(number) = pings.recv() {
            pong.send(number).unwrap();
        }
    });
    let all = time(|| {
        for number in 0..count / 2 {
            ping.send(number).unwrap();
            assert_eq!(pongs.recv().unwrap(), number);
        }
    });
    drop(ping);
    other.join().unwrap();
    all
}

fn mutex(count: u64) -> Duration {
    let lock = std::sync::Arc::new(Mutex::new(0_u64));
    fn turns(lock: &Mutex<u64>, count: u64) {
        for _ in 0..count / 2 {
            let mut guard = lock.lock().unwrap();
            *guard += 1;
            coroutine::yield_now();
            drop(guard);
            coroutine::yield_now();
        }
    }
    let theirs = lock.clone();
    time(|| {
        let other = go!(move || turns(&theirs, count));
        turns(&lock, count);
        other.join().unwrap();
    })
}

fn parked(count: usize) -> f64 {
    let before = memory();
    let threads: Vec<_> = (0..count).map(|_| go!(coroutine::park)).collect();
    for _ in 0..100 {
        coroutine::yield_now();
    }
    let after = memory();
    threads.iter().for_each(|thread| thread.coroutine().unpark());
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    (after - before) as f64 / count as f64
}

fn skynet() -> u64 {
    fn node(first: u64, size: u64, result: mpsc::Sender<u64>) {
        if size == 1 {
            result.send(first).unwrap();
            return;
        }
        let (sender, receiver) = mpsc::channel();
        let part = size / FAN;
        for child in 0..FAN {
            let sender = sender.clone();
            go!(move || node(first + child * part, part, sender));
        }
        drop(sender);
        result
            .send((0..FAN).map(|_| receiver.recv().unwrap()).sum())
            .unwrap();
    }
    let (sender, receiver) = mpsc::channel();
    go!(move || node(0, LEAVES, sender));
    receiver.recv().unwrap()
}
