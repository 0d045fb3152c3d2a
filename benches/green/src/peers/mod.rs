//! The runtimes that are linked into this program.

#[cfg(feature = "peers")]
mod coroutines;
#[cfg(feature = "peers")]
mod may;
#[cfg(feature = "peers")]
mod smol;
mod std_threads;
mod threadbare;
#[cfg(feature = "peers")]
mod tokio;

use crate::measure::Samples;

/// Their columns.
pub const NAMES: &[&str] = &[
    "threadbare pinned",
    "threadbare isolated",
    #[cfg(feature = "peers")]
    "corosensei",
    #[cfg(feature = "peers")]
    "generator",
    #[cfg(feature = "peers")]
    "may",
    #[cfg(feature = "peers")]
    "tokio",
    #[cfg(feature = "peers")]
    "smol",
    "std",
];

/// Workers to use.
#[cfg(feature = "peers")]
fn workers() -> usize {
    std::env::var("BENCH_WORKERS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1)
}

/// Children of each node of the fan-out, and leaves in all.
const FAN: u64 = 10;
const LEAVES: u64 = 1_000_000;

/// Threads of the row of parallel work.
const WORKING: u64 = 2000;

/// About 20 microseconds of work, of which nobody knows the result before.
fn work(seed: u64) -> u64 {
    (0..20_000).fold(seed, |state: u64, _| {
        std::hint::black_box(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1))
    })
}

/// Measures one cell; `None` where the runtime has no such thing.
pub fn measure(runtime: &str, bench: &str) -> Option<Samples> {
    match runtime {
        "threadbare pinned" => threadbare::measure(bench, false),
        "threadbare isolated" => threadbare::measure(bench, true),
        "std" => std_threads::measure(bench),
        #[cfg(feature = "peers")]
        "corosensei" | "generator" => coroutines::measure(runtime, bench),
        #[cfg(feature = "peers")]
        "may" => may::measure(bench),
        #[cfg(feature = "peers")]
        "tokio" => tokio::measure(bench),
        #[cfg(feature = "peers")]
        "smol" => smol::measure(bench),
        _ => None,
    }
}
