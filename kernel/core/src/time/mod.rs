//! Clocks and timers (`time(7)`).
//!
//! There is one queue of deadlines, the scheduler's ([`crate::sched::call_at`]). A timer of any kind is an [`Alarm`](crate::sched::Alarm)
//! in it that is looked at in interrupt context: it looks at its own clock, and if its time has not come (its clock was set,
//! or counts CPU time) it enters the queue again.
//!
//! Rules:
//! 1. A timer that goes off again and again does not enter the queue again by itself: only when its signal has been taken or
//!    its descriptor has been read, which also counts what it missed. So no interval is too short for the kernel.
//! 2. CPU time never passes faster than time: a timer that counts it looks again when it could be over at the earliest, but
//!    not more often than each [`LOOK_AT_MOST_EACH`](timer::LOOK_AT_MOST_EACH).
//! 3. The state of a timer is locked for moments, and with no other lock held but that of the queue inside; signals are sent
//!    and waiters woken afterwards.

mod clock;
mod file;
mod process;
mod schedule;
mod timer;
pub mod vdso;

pub use clock::Clock;
pub use file::TimerFile;
pub use process::{Interval, ProcessTimers, Which};
pub use schedule::{Schedule, Setting};
pub use timer::{Notify, Timer};
