//! Threads as std has them: locks, channels, scopes, sleep, a spinning thread, a panic, and a stack that overflows.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

fn main() {
    println!("a shared map: {}", shared_map());
    println!("four senders: {}", channel());
    println!("a thread that never yields was stopped: {}", spinner());
    let panicked = thread::Builder::new()
        .name("fails".into())
        .spawn(|| panic!("on purpose"));
    println!(
        "a panic is an error: {}",
        panicked.expect("a thread").join().is_err()
    );
    let deep = thread::Builder::new().name("deep".into()).spawn(|| recurse(1));
    deep.expect("a thread").join().expect("it never ends");
}

fn shared_map() -> u64 {
    let map = Arc::new(Mutex::new(HashMap::new()));
    let add = |factor: u64| {
        let map = map.clone();
        thread::spawn(move || {
            for key in 0..1000 {
                *map.lock().expect("nobody panics").entry(key % 17).or_insert(0) += key * factor;
            }
        })
    };
    (0..8).map(add).for_each(|thread| thread.join().expect("it adds"));
    map.lock().expect("nobody panics").values().sum()
}

fn channel() -> u32 {
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for thread in 0..4 {
            let sender = sender.clone();
            scope.spawn(move || {
                for number in 0..100 {
                    sender.send(thread * 100 + number).expect("somebody receives");
                    thread::yield_now();
                }
            });
        }
    });
    drop(sender);
    receiver.iter().sum()
}

fn spinner() -> bool {
    let stop = Arc::new(AtomicBool::new(false));
    let seen = stop.clone();
    let thread = thread::spawn(move || while !seen.load(Ordering::Relaxed) {});
    thread::sleep(Duration::from_millis(5));
    stop.store(true, Ordering::Relaxed);
    thread.join().is_ok()
}

fn recurse(depth: u64) -> u64 {
    let room = [depth; 100];
    if black_box(depth) == 0 {
        0
    } else {
        recurse(depth + 1) + black_box(room)[3]
    }
}
