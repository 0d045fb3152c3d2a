//! smol: stackless tasks on its executor, driven by as many threads as workers.

use std::sync::Arc;
use std::time::Duration;

use smol::channel;
use smol::future::yield_now;
use smol::lock::Mutex;
use smol::{Executor, future};

use super::{FAN, LEAVES, WORKING, work};
use crate::measure::{Samples, Stopwatch, memory};

type Exec = Arc<Executor<'static>>;

pub fn measure(bench: &str) -> Option<Samples> {
    let executor: Exec = Arc::new(Executor::new());
    for _ in 1..super::workers() {
        let executor = executor.clone();
        std::thread::spawn(move || future::block_on(executor.run(future::pending::<()>())));
    }
    let run = |task: std::pin::Pin<Box<dyn Future<Output = Duration> + Send>>| -> Duration {
        future::block_on(executor.run(executor.spawn(task)))
    };
    let exec = || executor.clone();
    Some(match bench {
        "yield" => Samples::take(|count| run(Box::pin(yields(exec(), count)))),
        "hop" => Samples::take(|count| run(Box::pin(hop(exec(), count)))),
        "mutex" => Samples::take(|count| run(Box::pin(mutex(exec(), count)))),
        "spawn" => Samples::take(|count| {
            let exec = exec();
            run(Box::pin(async move {
                let start = Stopwatch::start();
                for _ in 0..count {
                    exec.spawn(async {}).await;
                }
                start.elapsed()
            }))
        }),
        "spawn1000" => Samples::few(30, 1000, || {
            let exec = exec();
            run(Box::pin(async move {
                let start = Stopwatch::start();
                let tasks: Vec<_> = (0..1000).map(|_| exec.spawn(async {})).collect();
                for task in tasks {
                    task.await;
                }
                start.elapsed()
            }))
        }),
        "work" => Samples::few(5, 1_000_000, || {
            let exec = exec();
            run(Box::pin(async move {
                let start = Stopwatch::start();
                let tasks: Vec<_> = (0..WORKING)
                    .map(|seed| exec.spawn(async move { work(seed) }))
                    .collect();
                for task in tasks {
                    std::hint::black_box(task.await);
                }
                start.elapsed()
            }))
        }),
        "parked100k" => Samples(vec![future::block_on(executor.run(parked(exec(), 100_000)))]),
        "parked1m" => Samples(vec![future::block_on(executor.run(parked(exec(), 1_000_000)))]),
        "skynet" => Samples::few(3, 1_000_000, || run(Box::pin(skynet(exec())))),
        _ => return None,
    })
}

async fn yields(exec: Exec, count: u64) -> Duration {
    let other = exec.spawn(async move {
        for _ in 0..count / 2 {
            yield_now().await;
        }
    });
    let start = Stopwatch::start();
    for _ in 0..count / 2 {
        yield_now().await;
    }
    other.await;
    start.elapsed()
}

async fn hop(exec: Exec, count: u64) -> Duration {
    let (ping, pings) = channel::unbounded::<u64>();
    let (pong, pongs) = channel::unbounded::<u64>();
    let other = exec.spawn(async move {
        while let Ok(number) = pings.recv().await {
            pong.send(number).await.unwrap();
        }
    });
    let start = Stopwatch::start();
    for number in 0..count / 2 {
        ping.send(number).await.unwrap();
        assert_eq!(pongs.recv().await, Ok(number));
    }
    let all = start.elapsed();
    drop(ping);
    other.await;
    all
}

async fn mutex(exec: Exec, count: u64) -> Duration {
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
    let other = exec.spawn(turns(lock.clone(), count));
    turns(lock, count).await;
    other.await;
    start.elapsed()
}

async fn parked(exec: Exec, count: usize) -> f64 {
    let before = memory();
    let (hold, wait) = channel::bounded::<()>(1);
    let tasks: Vec<_> = (0..count)
        .map(|_| {
            let wait = wait.clone();
            exec.spawn(async move { wait.recv().await.unwrap_or(()) })
        })
        .collect();
    for _ in 0..count {
        yield_now().await;
    }
    let after = memory();
    drop(hold);
    for task in tasks {
        task.await;
    }
    (after - before) as f64 / count as f64
}

async fn skynet(exec: Exec) -> Duration {
    fn node(
        exec: Exec,
        first: u64,
        size: u64,
        result: channel::Sender<u64>,
    ) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            if size == 1 {
                result.send(first).await.unwrap();
                return;
            }
            let (sender, receiver) = channel::unbounded();
            let part = size / FAN;
            for child in 0..FAN {
                exec.spawn(node(exec.clone(), first + child * part, part, sender.clone()))
                    .detach();
            }
            drop(sender);
            let mut sum = 0;
            while let Ok(value) = receiver.recv().await {
                sum += value;
            }
            result.send(sum).await.unwrap();
        })
    }
    let start = Stopwatch::start();
    let (sender, receiver) = channel::unbounded();
    exec.spawn(node(exec.clone(), 0, LEAVES, sender)).detach();
    assert_eq!(receiver.recv().await, Ok(LEAVES * (LEAVES - 1) / 2));
    start.elapsed()
}
