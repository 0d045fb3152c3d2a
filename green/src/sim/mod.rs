//! Deterministic mode: programs under a scheduler that a seed decides, in virtual time. Needs the feature `sim`.
//!
//! What a concurrent program does depends on who runs when. Here a seed says so: the same program, with the same threads, locks and
//! channels, runs on one operating-system thread, and at each operation of [`thread`](crate::thread), [`sync`](crate::sync),
//! [`net`](crate::net) and [`time`](crate::time) the seed decides which thread goes on. Many seeds are many orders of events; a seed that fails fails again.
//!
//! ```
//! use threadbare::sync::{Arc, Mutex};
//! use threadbare::{sim, thread};
//!
//! let lost_update = || {
//!     let number = Arc::new(Mutex::new(0));
//!     let other = Arc::clone(&number);
//!     let adder = thread::spawn(move || {
//!         let seen = *other.lock().unwrap();
//!         *other.lock().unwrap() = seen + 1;
//!     });
//!     let seen = *number.lock().unwrap();
//!     *number.lock().unwrap() = seen + 1;
//!     adder.join().unwrap();
//!     assert_eq!(*number.lock().unwrap(), 2);
//! };
//! let failure = sim::Builder::new().search(lost_update).unwrap_err();
//! // The same again, as often as one likes.
//! let again = sim::Builder::new().run(failure.schedule, lost_update);
//! assert!(again.result.is_err());
//! assert_eq!(again.trace, failure.trace);
//! ```
//!
//! In tests the attribute does that: `#[threadbare::test(seeds = 100)]`, `#[threadbare::test(seeds = 1000, pct = 3)]`, each
//! `method = value` one of [`Builder`]. A failure prints one line that replays it:
//!
//! ```text
//! threadbare: after 17 that passed; replay with: THREADBARE_SEED=pct:3:250:0x1234 cargo test a_test
//! ```
//!
//! `examples/deterministic.rs` finds a race and a lost wake-up this way that ordinary tests miss.
//!
//! # Time
//!
//! Time stands still while any thread can run. When all wait, it jumps to the next deadline. So an hour of sleep takes no time, and
//! a timeout fires only when nothing else could have happened before. [`Instant::now`](std::time::Instant::now) and
//! [`SystemTime::now`](std::time::SystemTime::now) tell that time to the threads of a run, also when other crates
//! call them, for the feature puts functions in the place of the C library's `clock_gettime` and `getrandom` (a program can have one
//! crate that does so). A thread that waits by looking at the clock again and again looks for ever: that ends as
//! [`Cause::TooLong`].
//!
//! # The network
//!
//! The sockets of [`net`](crate::net) are sockets in memory, with std's interface unchanged: TCP with handshakes, windows, half-closed
//! connections and resets, UDP with all that happens to datagrams. How long packets take and what befalls them comes from the
//! seed, within what [`Network`] allows; a test may [`partition`] hosts, [`heal`] that, and [`reset`] connections. All addresses can be
//! bound, and free ports are given out in order. [`on_host`] puts threads on hosts.
//!
//! ```
//! use std::io::{Read, Write};
//! use threadbare::net::{TcpListener, TcpStream};
//! use threadbare::sim::{self, Builder, Network};
//! use threadbare::{thread, time::Duration};
//!
//! let network = Network::new().stalls(0.1, Duration::from_secs(3)).name("server", [10, 0, 0, 1]);
//! Builder::new().seeds(10).network(network).explore(|| {
//!     let listener = sim::on_host([10, 0, 0, 1], || TcpListener::bind("0.0.0.0:80"))?;
//!     let server = thread::spawn(move || listener.accept()?.0.write_all(b"hello"));
//!     let mut text = String::new();
//!     TcpStream::connect("server:80")?.read_to_string(&mut text)?;
//!     assert_eq!(text, "hello");
//!     server.join().unwrap()
//! });
//! ```
//!
//! Pipes and Unix sockets are the kernel's: between threads of a run they are deterministic as they are. A simulated socket holds an idle
//! descriptor of the kernel, which keeps its options; handed out, it is that and no more. Calls on sockets that were made outside, on child
//! processes and on standard input are refused, or wait for ever.
//!
//! # What a run finds
//!
//! Panics of the first thread (others count as in std: for whoever joins them), errors it returns, deadlocks (all threads wait, and no
//! deadline is left; a thread that waits for a lock waits), and runs without end. Between two operations of this crate, those of
//! [`sync::atomic`](crate::sync::atomic) included, a thread runs undisturbed; [`point`] lets others in between, between two operations of
//! std's atomics say. Orderings of atomics weaker than sequentially consistent are not explored.
//! [`Builder::spurious`] lets conditions and `park` return for no reason, which finds waits that do not look again.
//!
//! # What a seed does not determine
//!
//! Each schedule runs twice, and where the two differ the test fails and says from which decision on. What can make them differ:
//! - statics and files that a run leaves changed,
//! - addresses, as numbers, and what is ordered by them,
//! - operating-system threads, processes, signals, and what std's own sockets, pipes, locks and sleeps say; a thread that blocks in one of
//!   them holds up all others, and blocks for ever if it waits for one of them. A run that stands still for five seconds says so.
//!
//! The keys of `HashMap` and what crates draw from the system's random numbers come from the seed. [`blocking`](crate::blocking) runs its
//! call in place, on the green thread's stack; [`fs`](crate::fs) works on the real files, at once.
//!
//! In mode pinned ([`runtime::Mode`](crate::runtime::Mode)) a thread must not wait while it panics.
//!
//! # Cost
//!
//! Without the feature, none. With it, one load and one branch for each operation outside of runs.

mod builder;
mod failure;
mod network;
mod schedule;

pub use builder::{Builder, Outcome, Run};
pub use failure::{Cause, Failure};
pub use network::{Network, heal, on_host, partition, reset};
pub use schedule::{ParseScheduleError, Schedule, Strategy};

pub use crate::rt::sim::Trace;

/// The environment variable that replays one schedule.
const SEED_VARIABLE: &str = "THREADBARE_SEED";

/// The environment variable that says how many seeds to explore.
const SEEDS_VARIABLE: &str = "THREADBARE_SEEDS";

/// Runs `root` once, as `schedule` says. As [`Builder::run`].
pub fn run<T: Send + 'static>(schedule: Schedule, root: impl FnOnce() -> T + Send + 'static) -> Run<T> {
    Builder::new().run(schedule, root)
}

/// Runs `test` with many schedules. As [`Builder::explore`].
///
/// # Panics
/// When a schedule fails.
pub fn explore<T: Outcome>(seeds: u64, test: impl Fn() -> T + Send + Sync + 'static) {
    Builder::new().seeds(seeds).explore(test);
}

/// Lets the seed decide whether other threads go first here. Outside of runs, nothing.
#[inline]
pub fn point() {
    crate::rt::sim::point("is at a point");
}

/// Whether the caller is a part of a deterministic run.
#[must_use]
#[inline]
pub fn is_running() -> bool {
    crate::rt::sim::is_on()
}
