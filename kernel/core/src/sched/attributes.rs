//! [`Attributes`]: what a program asked of the scheduler for a thread (`sched(7)`).

use linux_raw_sys::general as linux;
use threadbare_run_queue::fair;

/// How a thread is scheduled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// `SCHED_OTHER`: fair.
    #[default]
    Other,
    /// `SCHED_FIFO`: until it waits or yields.
    Fifo,
    /// `SCHED_RR`: as FIFO, but in turn with others of its priority.
    RoundRobin,
    /// `SCHED_BATCH`: fair, and takes nobody's place when it wakes.
    Batch,
    /// `SCHED_IDLE`: fair with the least weight.
    Idle,
}

impl Policy {
    /// The policy with this number.
    pub fn from_number(number: u32) -> Option<Policy> {
        Some(match number {
            linux::SCHED_NORMAL => Policy::Other,
            linux::SCHED_FIFO => Policy::Fifo,
            linux::SCHED_RR => Policy::RoundRobin,
            linux::SCHED_BATCH => Policy::Batch,
            linux::SCHED_IDLE => Policy::Idle,
            _ => return None,
        })
    }

    /// Its number.
    pub fn number(self) -> u32 {
        match self {
            Policy::Other => linux::SCHED_NORMAL,
            Policy::Fifo => linux::SCHED_FIFO,
            Policy::RoundRobin => linux::SCHED_RR,
            Policy::Batch => linux::SCHED_BATCH,
            Policy::Idle => linux::SCHED_IDLE,
        }
    }

    /// Whether it has priorities above all fair tasks.
    pub fn is_real_time(self) -> bool {
        matches!(self, Policy::Fifo | Policy::RoundRobin)
    }
}

/// What a program asked of the scheduler for a thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// How it is scheduled.
    pub policy: Policy,
    /// From −20, the most favourable, to 19. Kept, without effect, under real-time policies.
    pub nice: i8,
    /// From 1 to 99 under real-time policies, otherwise 0.
    pub priority: u8,
    /// Whether children start as if nothing had been asked for (`SCHED_RESET_ON_FORK`).
    pub reset_on_fork: bool,
}

impl Attributes {
    /// What a child of a thread with these starts with (`sched(7)`, "Resetting scheduling policy for child processes").
    #[must_use]
    pub fn of_child(self) -> Attributes {
        match self {
            _ if !self.reset_on_fork => self,
            _ if self.policy.is_real_time() => Attributes::default(),
            _ => Attributes {
                nice: self.nice.max(0),
                reset_on_fork: false,
                ..self
            },
        }
    }

    /// Its share among fair tasks.
    pub(super) fn weight(self) -> u32 {
        if self.policy == Policy::Idle {
            fair::IDLE
        } else {
            fair::weight(self.nice)
        }
    }
}
