//! [`Scheduling`]: what the scheduler knows of a task, and the CPU time that it has had.
//!
//! The whole CPU time is exact: the clock is read at each switch. How it divides between program and kernel is sampled
//! by the interrupts that end time slices, as Linux does without `CONFIG_VIRT_CPU_ACCOUNTING_GEN`: to read the clock at
//! each entry to and exit from ring 3 would cost every system call ten instructions and twice the latency of RDTSC.

use super::attributes::{Attributes, Policy};
use super::park::KernelData;
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};
use threadbare_machine::sync::SpinLock;
use threadbare_machine::task::Task;
use threadbare_run_queue::{Key, fair};

/// What the scheduler knows of a task; shared by the task and the program's thread that it serves.
#[derive(Debug)]
pub struct Scheduling {
    attributes: SpinLock<Attributes>,
    // What follows from them, for switching.
    priority: AtomicU8,
    weight: AtomicU32,
    /// Whether it may take a fair task's place when it wakes.
    eager: AtomicBool,

    virtual_time: AtomicU64,
    /// What is left of a round-robin task's turn, in nanoseconds.
    turn: AtomicU64,

    /// Nanoseconds that it has run, but for those since it was last charged.
    ran: AtomicU64,
    user_samples: AtomicU32,
    system_samples: AtomicU32,
    told: SpinLock<CpuTime>,
    voluntary_switches: AtomicU64,
    involuntary_switches: AtomicU64,
}

/// Time on a CPU, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuTime {
    /// In ring 3.
    pub user: u64,
    /// In the kernel on its behalf.
    pub system: u64,
}

/// How long a round-robin task runs before its turn is over: Linux's 100 ms.
pub const TURN: u64 = 100_000_000;

impl Default for Scheduling {
    fn default() -> Self {
        Scheduling::new(Attributes::default(), 0)
    }
}

impl Scheduling {
    fn new(attributes: Attributes, virtual_time: u64) -> Scheduling {
        let new = Scheduling {
            attributes: SpinLock::new(attributes),
            priority: AtomicU8::new(0),
            weight: AtomicU32::new(fair::NICE_0),
            eager: AtomicBool::new(true),
            virtual_time: AtomicU64::new(virtual_time),
            turn: AtomicU64::new(TURN),
            ran: AtomicU64::new(0),
            user_samples: AtomicU32::new(0),
            system_samples: AtomicU32::new(0),
            told: SpinLock::new(CpuTime::default()),
            voluntary_switches: AtomicU64::new(0),
            involuntary_switches: AtomicU64::new(0),
        };
        new.apply(attributes);
        new
    }

    /// For a child of the thread that this belongs to.
    #[must_use]
    pub fn child(&self) -> Scheduling {
        Scheduling::new(self.attributes().of_child(), self.virtual_time())
    }

    /// What was asked for.
    pub fn attributes(&self) -> Attributes {
        *self.attributes.lock()
    }

    /// Takes note of what was asked for; the caller sees to a queue that it stands in.
    pub(super) fn apply(&self, attributes: Attributes) {
        *self.attributes.lock() = attributes;
        let priority = if attributes.policy.is_real_time() {
            attributes.priority
        } else {
            0
        };
        self.priority.store(priority, Relaxed);
        self.weight.store(attributes.weight(), Relaxed);
        let eager = !matches!(attributes.policy, Policy::Batch | Policy::Idle);
        self.eager.store(eager, Relaxed);
    }

    pub(super) fn key(&self) -> Key {
        match self.priority.load(Relaxed) {
            0 => Key::fair(self.virtual_time()),
            priority => Key::real_time(priority),
        }
    }

    pub(super) fn is_real_time(&self) -> bool {
        self.priority.load(Relaxed) != 0
    }

    pub(super) fn is_eager(&self) -> bool {
        self.eager.load(Relaxed)
    }

    pub(super) fn weight(&self) -> u32 {
        self.weight.load(Relaxed)
    }

    pub(super) fn virtual_time(&self) -> u64 {
        self.virtual_time.load(Relaxed)
    }

    pub(super) fn set_virtual_time(&self, time: u64) {
        self.virtual_time.store(time, Relaxed);
    }

    /// Charges it for `elapsed` nanoseconds of running.
    pub(super) fn charge(&self, elapsed: u64) {
        self.ran
            .store(self.ran.load(Relaxed).wrapping_add(elapsed), Relaxed);
        if self.is_real_time() {
            let left = self.turn.load(Relaxed).saturating_sub(elapsed);
            self.turn.store(left, Relaxed);
        } else {
            let time = fair::virtual_time(elapsed, self.weight());
            self.set_virtual_time(self.virtual_time().saturating_add(time));
        }
    }

    /// Lets fair tasks that are up to so much behind pass it.
    pub(super) fn fall_behind(&self, virtual_nanoseconds: u64) {
        self.set_virtual_time(self.virtual_time().saturating_add(virtual_nanoseconds));
    }

    /// Whether a round-robin task has had its turn; a new one begins then.
    pub(super) fn turn_is_over(&self) -> bool {
        let over = self.turn.load(Relaxed) == 0;
        if over {
            self.turn.store(TURN, Relaxed);
        }
        over && self.attributes().policy == Policy::RoundRobin
    }

    /// Notes where an interrupt found it.
    pub(super) fn sample(&self, in_ring_3: bool) {
        let samples = if in_ring_3 {
            &self.user_samples
        } else {
            &self.system_samples
        };
        samples.store(samples.load(Relaxed).saturating_add(1), Relaxed);
    }

    pub(super) fn count_switch(&self, voluntary: bool) {
        let switches = if voluntary {
            &self.voluntary_switches
        } else {
            &self.involuntary_switches
        };
        switches.store(switches.load(Relaxed).wrapping_add(1), Relaxed);
    }

    /// How often it was switched away from because it waited, and while it could have gone on.
    pub fn switches(&self) -> (u64, u64) {
        (
            self.voluntary_switches.load(Relaxed),
            self.involuntary_switches.load(Relaxed),
        )
    }

    /// The CPU time that it has had in all, in nanoseconds: exact for a task that does not run and for the running one.
    pub fn cpu_time_total(&self) -> u64 {
        super::cpu::charge_if_running(self);
        self.ran.load(Relaxed)
    }

    /// The CPU time that it has had, divided as the samples say; with none, it is the program's. Neither part ever goes
    /// back.
    pub fn cpu_time(&self) -> CpuTime {
        let total = self.cpu_time_total();
        let (user, system) = (self.user_samples.load(Relaxed), self.system_samples.load(Relaxed));
        let mut told = self.told.lock();
        *told = divide(total, user, system, *told);
        *told
    }
}

/// Divides `total` in the ratio of the samples, neither part less than what was told before (Linux's `cputime_adjust`).
fn divide(total: u64, user: u32, system: u32, told: CpuTime) -> CpuTime {
    let samples = u128::from(user) + u128::from(system);
    let share = (u128::from(total) * u128::from(system))
        .checked_div(samples)
        .unwrap_or(0);
    let system = u64::try_from(share).unwrap_or(total).max(told.system);
    let user = total.saturating_sub(system).max(told.user);
    CpuTime {
        user,
        system: total.saturating_sub(user),
    }
}

/// The CPU time that a task has had; none for a task without [`KernelData`].
pub fn task_cpu_time(task: &Task) -> CpuTime {
    KernelData::of(task)
        .map(|data| data.scheduling.cpu_time())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_divided_as_sampled_and_never_goes_back() {
        let first = divide(1000, 3, 1, CpuTime::default());
        assert_eq!(
            first,
            CpuTime {
                user: 750,
                system: 250
            }
        );
        let later = divide(1010, 99, 1, first);
        assert_eq!(
            later,
            CpuTime {
                user: 760,
                system: 250
            }
        );
        assert_eq!(divide(1010, 0, 50, later).user, 760);
    }

    #[test]
    fn without_samples_all_is_the_programs() {
        assert_eq!(
            divide(5, 0, 0, CpuTime::default()),
            CpuTime { user: 5, system: 0 }
        );
    }

    #[test]
    fn a_child_inherits_unless_reset() {
        let parent = Scheduling::new(
            Attributes {
                policy: Policy::Fifo,
                nice: -5,
                priority: 7,
                reset_on_fork: false,
            },
            42,
        );
        let child = parent.child();
        assert_eq!(
            (child.attributes(), child.virtual_time()),
            (parent.attributes(), 42)
        );
        parent.apply(Attributes {
            reset_on_fork: true,
            ..parent.attributes()
        });
        assert_eq!(parent.child().attributes(), Attributes::default());
    }
}
