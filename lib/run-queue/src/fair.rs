//! Virtual time, and who is let in where.
//!
//! A fair task's virtual time advances while it runs, slower the greater its weight. The *floor* is a time that
//! no task which is ready lags behind; it only rises. Who has slept is placed a little below the floor, so that it runs soon
//! but cannot make up for hours of sleep at the others' expense; who is new starts a slice behind its parent.
//!
//! Rejected: lag and deadlines (EEVDF). They bound latency more tightly for tasks that ask for a slice length of
//! their own, which nothing here can ask for yet.

/// The weight of nice level 0.
pub const NICE_0: u32 = 1024;

/// The weight of tasks under `SCHED_IDLE`.
pub const IDLE: u32 = 3;

/// How long a fair task runs before it looks whether others lag behind it, in nanoseconds.
pub const SLICE: u64 = 3_000_000;

/// How far below the floor a sleeper is placed, in virtual nanoseconds.
pub const SLEEPER_CREDIT: u64 = 3_000_000;

/// How far a woken task must lag behind the running one to take its place at once, in virtual nanoseconds.
pub const WAKE_UP_GRANULARITY: u64 = 1_000_000;

/// Linux's weights of the nice levels −20 to 19 (`sched_prio_to_weight`): each level is worth about 10 % of CPU time.
const WEIGHTS: [u32; 40] = [
    88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916, 9548, 7620, 6100, 4904, 3906, 3121,
    2501, 1991, 1586, 1277, 1024, 820, 655, 526, 423, 335, 272, 215, 172, 137, 110, 87, 70, 56, 45, 36, 29,
    23, 18, 15,
];

/// The weight of a nice level; levels outside −20 to 19 count as the nearest.
pub fn weight(nice: i8) -> u32 {
    WEIGHTS[usize::from((nice.clamp(-20, 19) + 20).unsigned_abs())]
}

/// The virtual time that `elapsed` nanoseconds of running are for a task of `weight`.
pub fn virtual_time(elapsed: u64, weight: u32) -> u64 {
    if weight == NICE_0 {
        return elapsed;
    }
    elapsed.saturating_mul(u64::from(NICE_0)) / u64::from(weight.max(1))
}

/// The floor: see the module's text.
#[derive(Debug, Default)]
pub struct Floor(u64);

impl Floor {
    /// A floor at time 0.
    pub const fn new() -> Floor {
        Floor(0)
    }

    /// Where it is.
    pub const fn time(&self) -> u64 {
        self.0
    }

    /// Lifts it to `least`, the least virtual time of all that run or are ready.
    pub fn lift(&mut self, least: u64) {
        self.0 = self.0.max(least);
    }

    /// Where a task goes that has slept since its virtual time was `own`.
    pub fn place_woken(&self, own: u64) -> u64 {
        own.max(self.0.saturating_sub(SLEEPER_CREDIT))
    }

    /// Where a new task goes whose parent has come to `parent`.
    pub fn place_new(&self, parent: u64, weight: u32) -> u64 {
        parent.max(self.0).saturating_add(virtual_time(SLICE, weight))
    }
}
