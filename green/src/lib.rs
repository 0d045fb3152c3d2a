//! Green threads with std's own interface.
//!
//! ```
//! use threadbare::{sync::mpsc, thread};
//!
//! let (sender, receiver) = mpsc::channel();
//! for id in 0..1000 {
//!     let sender = sender.clone();
//!     thread::spawn(move || sender.send(id).unwrap());
//! }
//! drop(sender);
//! assert_eq!(receiver.iter().sum::<i32>(), 499_500);
//! ```
//!
//! A program moves by changing its imports from `std::` to `threadbare::`. There is no `main` to wrap and nothing to
//! configure, though [`runtime`] lets you. Threads run on one worker for each processor, which steal from each other.
//!
//! **A thread is a thread.** Each green thread has its own thread-locals ([`runtime::Mode::Isolated`]), so `thread_local!`, `Rc`,
//! lock guards and every library that relies on them keep working when a thread waits and goes on elsewhere. Where that cannot be
//! had (anything but x86-64 Linux with glibc or static musl, for now), the runtime falls back to [`runtime::Mode::Pinned`] and
//! [`runtime::why_pinned`] says why.
//!
//! **A schedule can be had again.** With the feature `sim`, `threadbare::sim` runs the same program under a scheduler that a seed decides, in
//! virtual time and on a network in memory, and `#[threadbare::test(seeds = 100)]` explores seeds.
#![deny(unsafe_op_in_unsafe_fn)]

pub mod fs;
pub mod future;
pub mod io;
pub mod net;
pub mod os;
pub mod process;
mod rt;
pub mod runtime;
#[cfg(feature = "sim")]
pub mod sim;
pub mod sync;
pub mod thread;
pub mod time;

pub use runtime::blocking;

/// Lets `main` run on a green thread, with a runtime that is configured first. For those who want to configure: nobody needs it.
///
/// Each `method = value` calls that method of [`runtime::Builder`], and a bare `method` calls it without a value.
///
/// ```
/// use threadbare::runtime::Mode;
///
/// #[threadbare::main(workers = 2, mode = Mode::Pinned, stack_size = 256 << 10)]
/// fn main() -> Result<(), std::num::ParseIntError> {
///     let number = threadbare::thread::spawn(|| "42".parse::<u32>()).join().unwrap()?;
///     assert_eq!(number, 42);
///     Ok(())
/// }
/// ```
pub use threadbare_macros::main;

/// As `#[test]`, with the test on a green thread. All tests of a process share its runtime.
///
/// ```
/// #[threadbare::test]
/// fn a_message_arrives() {
///     let (sender, receiver) = threadbare::sync::mpsc::channel();
///     threadbare::thread::spawn(move || sender.send(1));
///     assert_eq!(receiver.recv(), Ok(1));
/// }
/// ```
///
/// With arguments the test explores seeds in deterministic mode (`threadbare::sim`, with the feature `sim`): each `method = value` calls that
/// method of `threadbare::sim::Builder`, so `#[threadbare::test(seeds = 1000, pct = 3)]` runs the body a thousand times under PCT, and a
/// failure prints the line that replays it.
pub use threadbare_macros::test;
