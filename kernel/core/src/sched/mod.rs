//! Whom to run: run queues, waiting, time slices, CPU time, sleeping locks.
//!
//! Each CPU has a queue of tasks that are ready ([`RunQueue`](threadbare_run_queue::RunQueue)): real-time tasks by
//! priority, then fair ones by virtual time. The running task is in no queue. A task that waits *parks*; whoever makes
//! its wait end *unparks* it, before or after it has parked: a token remembers an early one, so none is lost.
//!
//! Invariants:
//! 1. A task is in at most one run queue, and only while its park state is `READY`.
//! 2. Queues are touched with interrupts disabled; switching happens with no lock held.
//! 3. The timer is armed only while somebody sleeps or a task other than the idle one runs: an idle machine is silent
//!    (but for one last end of a slice, since a switch never moves the timer back).
//! 4. A task's [`Scheduling`] is written by the CPU that runs it or, under that CPU's lock, while it is ready there.
//!
//! Order of locks: attributes of a task, then a CPU, then the timers. None is held when a task is unparked or switched to.

mod attributes;
mod cpu;
mod disorder;
mod lock;
mod park;
mod policy;
mod scheduling;
mod timer;
#[cfg(all(target_os = "none", feature = "vm-tests"))]
pub(crate) mod vm_tests;
mod wait;

pub use attributes::{Attributes, Policy};
pub use cpu::{disturb, idle_time, ready_tasks};
pub use lock::{Mutex, MutexGuard};
pub use park::{KernelData, Parker, park, park_until, unpark, unpark_owned};
pub use policy::{child_of_current, idle, initialise, preempt, set_attributes, spawn, yield_now};
pub use scheduling::{CpuTime, Scheduling, TURN as ROUND_ROBIN_TURN, task_cpu_time};
pub use timer::{Alarm, AlarmId, call_at, cancel, look_at_clocks};
pub use wait::WaitQueue;
