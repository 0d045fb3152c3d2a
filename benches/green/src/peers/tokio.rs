//! tokio: stackless tasks, on its multi-thread runtime with as many workers.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Notify, mpsc};
use tokio::task::{spawn, yield_now};

use super::{FAN, LEAVES, WORKING, work};
use crate::measure::{Samples, Stopwatch, memory};

pub fn measure(bench: &str) -> Option<Samples> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(super::workers())
        .build()
        .expect("tokio");
    let run = |task: Pin<Box<dyn Future<Output = Duration> + Send>>| -> Duration {
        runtime.block_on(async { spawn(task).await.expect("no panic") })
    };
    Some(match bench {
        "yield" => Samples::take(|count| run(Box::pin(yields(count)))),
        "hop" => Samples::take(|count| run(Box::pin(hop(count)))),
        "mutex" => Samples::take(|count| run(Box::pin(mutex(count)))),
        "spawn" => Samples::take(|count| {
            run(Box::pin(async move {
                let start = Stopwatch::start();
                for _ in 0..count {
                    spawn(async {}).await.unwrap();
                }
                start.elapsed()
            }))
        }),
        "spawn1000" => Samples::few(30, 1000, || {
            run(Box::pin(async {
                let start = Stopwatch::start();
                let tasks: Vec<_> = (0..1000).map(|_| spawn(async {})).collect();
                for task in tasks {
                    task.await.unwrap();
                }
                start.elapsed()
            }))
        }),
        "work" => Samples::few(5, 1_000_000, || {
            run(Box::pin(async {
                let start = Stopwatch::start();
                let tasks: Vec<_> = (0..WORKING)
                    .map(|seed| spawn(async move { work(seed) }))
                    .collect();
                for task in tasks {
                    std::hint::black_box(task.await.unwrap());
                }
                start.elapsed()
            }))
        }),
        "parked100k" => Samples(vec![runtime.block_on(parked(100_000))]),
        "parked1m" => Samples(vec![runtime.block_on(parked(1_000_000))]),
        "skynet" => Samples::few(3, 1_000_000, || run(Box::pin(skynet()))),
        _ => return None,
    })
}

async fn yields(count: u64) -> Duration {
    let other = spawn(async move {
        for _ in 0..count / 2 {
            yield_now().await;
        }
    });
    let start = Stopwatch::start();
    for _ in 0..count / 2 {
        yield_now().await;
    }
    other.await.unwrap();
    start.elapsed()
}

async fn hop(count: u64) -> Duration {
    let (ping, mut pings) = mpsc::unbounded_channel::<u64>();
    let (pong, mut pongs) = mpsc::unbounded_channel::<u64>();
    let other = spawn(async move {
        while let Some(number) = pings.recv().await {
            pong.send(number).unwrap();
        }
    });
    let start = Stopwatch::start();
    for number in 0..count / 2 {
        ping.send(number).unwrap();
        assert_eq!(pongs.recv().await, Some(number));
    }
    let all = start.elapsed();
    drop(ping);
    other.await.unwrap();
    all
}

async fn mutex(count: u64) -> Duration {
    async fn turns(lock: Arc<Mutex<u64>>, count: u64) {
        for _ in 0..count / 2 {
            let mut guard = lock.lock().await;
            *guard += 1;
            yield_now().await;
            drop(guard);
            yield_now().await;
        }
    }
    let lock = Arc::new(Mutex::new(0));
    let start = Stopwatch::start();
    let other = spawn(turns(lock.clone(), count));
    turns(lock, count).await;
    other.await.unwrap();
    start.elapsed()
}

async fn parked(count: usize) -> f64 {
    let before = memory();
    let bell = Arc::new(Notify::new());
    let ready = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let tasks: Vec<_> = (0..count)
        .map(|_| {
            let (bell, ready) = (bell.clone(), ready.clone());
            spawn(async move {
                ready.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                bell.notified().await;
            })
        })
        .collect();
    while ready.load(std::sync::atomic::Ordering::Relaxed) < count {
        tokio::task::yield_now().await;
    }
    let after = memory();
    // Some may not have reached the wait: permits do not add up, so ring until all are gone.
    for task in tasks {
        while !task.is_finished() {
            bell.notify_waiters();
            yield_now().await;
        }
    }
    (after - before) as f64 / count as f64
}

async fn skynet() -> Duration {
    fn node(
        first: u64,
        size: u64,
        result: mpsc::UnboundedSender<u64>,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            if size == 1 {
                result.send(first).unwrap();
                return;
            }
            let (sender, mut receiver) = mpsc::unbounded_channel();
            let part = size / FAN;
            for child in 0..FAN {
                spawn(node(first + child * part, part, sender.clone()));
            }
            drop(sender);
            let mut sum = 0;
            while let Some(value) = receiver.recv().await {
                sum += value;
            }
            result.send(sum).unwrap();
        })
    }
    let start = Stopwatch::start();
    let (sender, mut receiver) = mpsc::unbounded_channel();
    spawn(node(0, LEAVES, sender));
    assert_eq!(receiver.recv().await, Some(LEAVES * (LEAVES - 1) / 2));
    start.elapsed()
}
