//! Sampling: many short rounds, so that a busy machine spoils some and not all.

use std::time::{Duration, Instant};

/// Nanoseconds for one operation, a sample a round.
pub struct Samples(pub Vec<f64>);

/// Rounds a child makes.
const ROUNDS: usize = 15;

/// How long a round should take.
const ROUND: Duration = Duration::from_millis(8);

impl Samples {
    /// Calls `round(n)`, which does `n` operations and returns the time for all, with a fitting `n`.
    pub fn take(mut round: impl FnMut(u64) -> Duration) -> Samples {
        let mut count = 16;
        loop {
            let time = round(count);
            if time * 4 >= ROUND || count > 1 << 30 {
                let scale = ROUND.as_secs_f64() / time.as_secs_f64().max(1e-9);
                count = ((count as f64 * scale) as u64).max(16);
                break;
            }
            count *= 4;
        }
        Samples(
            (0..ROUNDS)
                .map(|_| round(count).as_nanos() as f64 / count as f64)
                .collect(),
        )
    }

    /// One long measurement, repeated.
    pub fn few(rounds: usize, count: u64, mut round: impl FnMut() -> Duration) -> Samples {
        Samples(
            (0..rounds)
                .map(|_| round().as_nanos() as f64 / count as f64)
                .collect(),
        )
    }
}

/// Measures time on the wall, or, when `BENCH_CPU` is set, what all threads of this process have computed together: a busy machine
/// spoils that less.
pub struct Stopwatch {
    start: Duration,
}

fn now() -> Duration {
    static BASE: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    static CPU: std::sync::LazyLock<bool> =
        std::sync::LazyLock::new(|| std::env::var_os("BENCH_CPU").is_some());
    if !*CPU {
        return BASE.elapsed();
    }
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the place is valid.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

impl Stopwatch {
    pub fn start() -> Stopwatch {
        Stopwatch { start: now() }
    }

    pub fn elapsed(&self) -> Duration {
        now() - self.start
    }
}

/// The time that `work` takes.
pub fn time(work: impl FnOnce()) -> Duration {
    let watch = Stopwatch::start();
    work();
    watch.elapsed()
}

/// Resident memory and page tables of this process, in bytes.
pub fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("procfs");
    let kilobytes = |name: &str| -> u64 {
        let line = status.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
            .unwrap_or(0)
    };
    1024 * (kilobytes("VmRSS:") + kilobytes("VmPTE:"))
}
