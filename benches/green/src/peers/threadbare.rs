//! This project's own, in either mode.

use std::time::Duration;

use threadbare::runtime::{Builder, Mode};
use threadbare::sync::{Arc, Barrier, Mutex, mpsc};
use threadbare::thread;

use super::{FAN, LEAVES, WORKING, work};
use crate::measure::{Samples, memory, time};

pub fn measure(bench: &str, isolated: bool) -> Option<Samples> {
    let mode = if isolated { Mode::Isolated } else { Mode::Pinned };
    Builder::new()
        .mode(mode)
        .install()
        .expect("nothing was spawned before");
    let bench = bench.to_owned();
    thread::spawn(move || inside(&bench, isolated))
        .join()
        .expect("a bench does not panic")
}

fn inside(bench: &str, isolated: bool) -> Option<Samples> {
    Some(match bench {
        "switch" if isolated => switch_isolated(),
        "switch" => switch(),
        "yield" => Samples::take(yields),
        "hop" => Samples::take(hop),
        "mutex" => Samples::take(mutex),
        "spawn" => {
            Samples::take(|count| time(|| (0..count).for_each(|_| thread::spawn(|| ()).join().unwrap())))
        }
        "spawn1000" => Samples::take(|count| {
            let rounds = count.div_ceil(1000);
            let all = time(|| (0..rounds).for_each(|_| thousand()));
            all.mul_f64(count as f64 / (rounds * 1000) as f64)
        }),
        "work" => Samples::few(5, 1_000_000, || {
            time(|| {
                let threads: Vec<_> = (0..WORKING)
                    .map(|seed| thread::spawn(move || work(seed)))
                    .collect();
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

/// The bare switch of `threadbare-context`, between two stacks, two one-way switches a turn.
fn switch() -> Samples {
    use threadbare_context::{MappedStack, Stack, StackPointer, prepare, switch};
    unsafe extern "sysv64" fn other(_: usize, mut back: usize) -> ! {
        let mut here = StackPointer(0);
        loop {
            // SAFETY: the transfer is where the other side is suspended, written before we run.
            unsafe {
                let to = *(back as *const StackPointer);
                back = switch(&raw mut here, to, (&raw const here) as usize);
            }
        }
    }
    let stack = MappedStack::new(64 << 10).expect("a stack");
    let mut mine = StackPointer(0);
    // SAFETY: the stack lives until this process ends.
    let mut to = unsafe { prepare(stack.base(), other, 0) };
    let samples = Samples::take(|count| {
        time(|| {
            for _ in 0..count / 2 {
                // SAFETY: `to` is where the other side is suspended; it was resumed just now or is fresh.
                unsafe {
                    let there = switch(&raw mut mine, to, (&raw const mine) as usize);
                    to = *(there as *const StackPointer);
                }
            }
        })
    });
    std::mem::forget(stack);
    samples
}

/// As `switch`, with the FS base set to what it is, which costs the same.
fn switch_isolated() -> Samples {
    use threadbare_context::{MappedStack, Stack, StackPointer, prepare, switch_with_thread_pointer};
    fn own() -> usize {
        let pointer;
        // SAFETY: the first word of a thread's block is its address.
        unsafe { std::arch::asm!("mov {}, fs:0", out(reg) pointer) };
        pointer
    }
    unsafe extern "sysv64" fn other(tp: usize, mut back: usize) -> ! {
        let mut here = StackPointer(0);
        loop {
            // SAFETY: as in `switch`; the thread pointer is the one in place.
            unsafe {
                let to = *(back as *const StackPointer);
                back = switch_with_thread_pointer(&raw mut here, to, (&raw const here) as usize, tp);
            }
        }
    }
    let stack = MappedStack::new(64 << 10).expect("a stack");
    let (mut mine, tp) = (StackPointer(0), own());
    // SAFETY: the stack lives until this process ends.
    let mut to = unsafe { prepare(stack.base(), other, tp) };
    let samples = Samples::take(|count| {
        time(|| {
            for _ in 0..count / 2 {
                // SAFETY: as in `switch`.
                unsafe {
                    let there = switch_with_thread_pointer(&raw mut mine, to, (&raw const mine) as usize, tp);
                    to = *(there as *const StackPointer);
                }
            }
        })
    });
    std::mem::forget(stack);
    samples
}

fn yields(count: u64) -> Duration {
    let other = thread::spawn(move || (0..count / 2).for_each(|_| thread::yield_now()));
    time(|| {
        (0..count / 2).for_each(|_| thread::yield_now());
        other.join().unwrap();
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

fn thousand() {
    let threads: Vec<_> = (0..1000_u64)
        .map(|number| thread::spawn(move || number))
        .collect();
    for (number, thread) in threads.into_iter().enumerate() {
        assert_eq!(thread.join().unwrap(), number as u64);
    }
}

fn parked(count: usize) -> f64 {
    let before = memory();
    let barrier = Arc::new(Barrier::new(count + 1));
    let mut threads = Vec::with_capacity(count);
    for _ in 0..count {
        let barrier = barrier.clone();
        threads.push(thread::spawn(move || {
            drop(barrier);
            thread::park();
        }));
    }
    // All have parked when nobody but us holds the barrier, and the queues are empty.
    while Arc::strong_count(&barrier) > 1 {
        thread::yield_now();
    }
    thread::yield_now();
    let after = memory();
    threads.iter().for_each(|thread| thread.thread().unpark());
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
            thread::spawn(move || node(first + child * part, part, sender));
        }
        drop(sender);
        result.send(receiver.iter().sum()).unwrap();
    }
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || node(0, LEAVES, sender));
    receiver.recv().unwrap()
}
