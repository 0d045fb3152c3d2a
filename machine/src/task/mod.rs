//! Kernel threads, and the switch between them.
//!
//! A [`Task`] is a guarded kernel stack with a computation on it, and the program registers and address space that
//! go with it. *Whom* to run is the kernel's policy ([`Scheduler`]); that a task runs on one CPU at a time, and never
//! on a stack that is in use, is enforced here.
//!
//! States, in [`Task`]'s `state`:
//!
//! | state | meaning | may become |
//! |---|---|---|
//! | `SUSPENDED` | its stack pointer is saved and valid | `RUNNING`, by the CPU that switches to it |
//! | `RUNNING` | a CPU runs on its stack | `SUSPENDED` or `FINISHED`, by that CPU after it has left the stack |
//! | `FINISHED` | its computation has ended | nothing |
//!
//! The switch is symmetric: straight from the leaving task's stack to the next one's. Only the next task, already on its
//! own stack, publishes the state of the one that left ([`switch`]'s second half); so nobody can resume a stack that
//! is still in use.

mod handle;
mod switch;

pub use handle::{Registers, Scheduler, Task};
pub use switch::{
    NoPreemption, current, disable_preemption, leave_space, reschedule_soon, set_scheduler, set_space,
    space_number, switch_to, wants_reschedule, with_current,
};
#[cfg(target_os = "none")]
pub(crate) use switch::{boot_into, preempt_if_wanted};
