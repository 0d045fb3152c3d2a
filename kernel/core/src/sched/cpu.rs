//! [`Cpu`]: who is ready on a CPU, and the account of who runs there.

use super::disorder::Disorder;
use super::park::KernelData;
use super::scheduling::Scheduling;
use super::timer;
use alloc::sync::Arc;
use threadbare_machine::memory::OutOfMemory;
use threadbare_machine::sync::{SpinGuard, SpinLock};
use threadbare_machine::task::{self, Task};
use threadbare_machine::time::{self, Nanoseconds};
use threadbare_machine::{cpu, irq};
use threadbare_run_queue::fair::{self, Floor};
use threadbare_run_queue::{Key, Prefer, RunQueue};

/// How many CPUs there are queues for.
const CPUS: usize = 64;

static ALL: [SpinLock<Cpu>; CPUS] = [const { SpinLock::new(Cpu::new()) }; CPUS];

/// The running CPU's; interrupts are disabled while it is held.
pub(super) fn own() -> SpinGuard<'static, Cpu> {
    ALL[cpu::id() % CPUS].lock()
}

/// As [`own`], for who has disabled interrupts already.
pub(super) fn own_within(interrupts: &irq::Disabled) -> SpinGuard<'_, Cpu> {
    ALL[cpu::id() % CPUS].lock_within(interrupts)
}

/// A CPU as the scheduler sees it.
#[derive(Debug)]
pub(super) struct Cpu {
    ready: RunQueue<Arc<Task>>,
    floor: Floor,
    /// Until when the running task has been charged.
    charged: u64,
    /// How long a task runs before it looks whether another should run.
    slice: u64,
    /// When the running task does so next.
    slice_end: u64,
    /// Draws slices anew at each tick.
    disorder: Option<Disorder>,
    /// What nobody was charged for: the idle task's time.
    idle: u64,
    /// What real-time tasks have had of a period.
    real_time: Share,
}

/// How much of each period real-time tasks may have while fair ones are ready, so that one that never waits does not lock
/// everybody else out: `sched_rt_runtime_us` of `sched_rt_period_us` (`sched(7)`).
#[derive(Debug)]
struct Share {
    since: u64,
    used: u64,
}

impl Share {
    const PERIOD: u64 = 1_000_000_000;
    const MOST: u64 = 950_000_000;

    fn charge(&mut self, elapsed: u64, now: u64) {
        self.used = self.used.saturating_add(elapsed);
        self.begin_period(now);
    }

    fn begin_period(&mut self, now: u64) {
        if now.saturating_sub(self.since) >= Share::PERIOD {
            *self = Share { since: now, used: 0 };
        }
    }

    fn prefer(&self) -> Prefer {
        if self.used > Share::MOST {
            Prefer::Fair
        } else {
            Prefer::RealTime
        }
    }
}

/// Why the running task is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    /// It waits, and is in no queue.
    Wait,
    /// It lets others run first.
    Yield,
    /// Another may be due.
    Preempt,
}

impl Cpu {
    const fn new() -> Cpu {
        Cpu {
            ready: RunQueue::new(),
            floor: Floor::new(),
            charged: 0,
            slice: fair::SLICE,
            slice_end: u64::MAX,
            disorder: None,
            idle: 0,
            real_time: Share { since: 0, used: 0 },
        }
    }

    /// Makes room for `tasks` tasks in all.
    pub(super) fn reserve(&mut self, tasks: usize) -> Result<(), OutOfMemory> {
        self.ready.reserve(tasks).map_err(|_| OutOfMemory)
    }

    /// Charges the running task up to `now`.
    fn charge(&mut self, current: Option<&Scheduling>, now: u64) {
        let elapsed = now.saturating_sub(self.charged);
        self.charged = now;
        let Some(current) = current else {
            self.idle = self.idle.wrapping_add(elapsed);
            return;
        };
        current.charge(elapsed);
        if current.is_real_time() {
            self.real_time.charge(elapsed, now);
            if let Some(least) = self.ready.least_virtual_time() {
                self.floor.lift(least);
            }
        } else {
            let own = current.virtual_time();
            let least = self
                .ready
                .least_virtual_time()
                .map_or(own, |first| first.min(own));
            self.floor.lift(least);
            if self.real_time.used != 0 {
                self.real_time.begin_period(now);
            }
        }
    }

    /// The key of the next to run.
    fn first(&self) -> Option<Key> {
        self.ready.first(self.real_time.prefer())
    }

    fn pop(&mut self) -> Option<Arc<Task>> {
        self.ready.pop(self.real_time.prefer())
    }

    /// Leaves the running task, which is charged; the answer is whom to run, `None` to go on with it. With [`Leave::Wait`]
    /// `None` means that nobody is ready.
    pub(super) fn leave(&mut self, current: Option<&Scheduling>, why: Leave) -> Option<Arc<Task>> {
        if self.ready.is_empty() {
            if why == Leave::Wait {
                self.charge(current, time::now().0);
                self.slice_end = u64::MAX;
                current.inspect(|current| current.count_switch(true));
            }
            return None;
        }
        let now = time::now().0;
        self.charge(current, now);
        if let Some(current) = current {
            let place = self.place_of(current, why);
            if place == Some(Place::Keep) {
                self.begin_slice(now);
                return None;
            }
            current.count_switch(why == Leave::Wait);
            let next = self.pop();
            match place {
                Some(Place::Front) => self.ready.push_front(current.key(), task::current()),
                Some(Place::Back) => self.ready.push(current.key(), task::current()),
                _ => {}
            }
            self.begin_slice(now);
            return next;
        }
        self.begin_slice(now);
        self.pop()
    }

    /// What becomes of the running task while another is ready; `None` when it waits.
    fn place_of(&self, current: &Scheduling, why: Leave) -> Option<Place> {
        if why == Leave::Wait {
            return None;
        }
        let (first, own) = (self.first()?, current.key());
        let gives_way = current.is_real_time() && self.real_time.prefer() == Prefer::Fair;
        Some(match why {
            _ if gives_way && first.virtual_time().is_some() => Place::Front,
            // A fair task that yields lets another one run whatever their virtual times.
            Leave::Yield if !current.is_real_time() || first <= own => Place::Back,
            Leave::Preempt if first < own => Place::Front,
            Leave::Preempt if current.is_real_time() && first == own && current.turn_is_over() => Place::Back,
            _ => Place::Keep,
        })
    }

    fn begin_slice(&mut self, now: u64) {
        self.slice_end = now.saturating_add(self.slice);
        timer::not_later_than(Nanoseconds(self.slice_end));
    }

    /// Puts a task into the queue that has waited, and says whether it should take the place of the running one.
    pub(super) fn wake(&mut self, task: Arc<Task>) -> bool {
        let Some(data) = KernelData::of(&task) else {
            return false;
        };
        let woken = &data.scheduling;
        woken.set_virtual_time(self.floor.place_woken(woken.virtual_time()));
        let outranks = with_running(|current| current.is_none_or(|current| self.outranks(woken, current)));
        let key = woken.key();
        self.ready.push(key, task);
        outranks
    }

    /// Puts a new task into the queue.
    pub(super) fn enter(&mut self, task: Arc<Task>) {
        let Some(data) = KernelData::of(&task) else { return };
        let new = &data.scheduling;
        new.set_virtual_time(self.floor.place_new(new.virtual_time(), new.weight()));
        let key = new.key();
        self.ready.push(key, task);
    }

    /// Whether a woken task is so much more urgent than the running one that it should not wait for the end of a slice.
    fn outranks(&self, woken: &Scheduling, current: &Scheduling) -> bool {
        if woken.is_real_time() || current.is_real_time() {
            return woken.key() < current.key();
        }
        let since = time::now().0.saturating_sub(self.charged);
        let current_time = current
            .virtual_time()
            .saturating_add(fair::virtual_time(since, current.weight()));
        let lead = fair::virtual_time(fair::WAKE_UP_GRANULARITY, woken.weight());
        woken.is_eager() && current_time > woken.virtual_time().saturating_add(lead)
    }

    /// In interrupt context: the account at `now`, and whether another task should run.
    pub(super) fn tick(&mut self, now: u64) -> bool {
        with_running(|current| {
            let Some(current) = current else {
                return !self.ready.is_empty();
            };
            self.charge(Some(current), now);
            current.sample(irq::struck_ring_3());
            if let Some(disorder) = &mut self.disorder {
                self.slice = disorder.slice();
                current.fall_behind(disorder.delay());
            } else if now < self.slice_end {
                return false;
            }
            self.begin_slice(now);
            let prefer_fair = self.real_time.prefer() == Prefer::Fair;
            self.first()
                .is_some_and(|first| prefer_fair || first <= current.key())
        })
    }

    /// From now on slices are as `disorder` draws them.
    fn disturb(&mut self, mut disorder: Disorder) {
        self.slice = disorder.slice();
        self.disorder = Some(disorder);
    }

    /// When the running task's slice ends; the idle task's never does.
    pub(super) fn slice_end(&self) -> u64 {
        self.slice_end
    }

    /// Takes a task out of the queue, if it is there.
    pub(super) fn remove(&mut self, task: &Arc<Task>) -> Option<Arc<Task>> {
        self.ready.remove(|ready| Arc::ptr_eq(ready, task))
    }

    /// Puts a task back that [`Cpu::remove`] took, after its key has changed.
    pub(super) fn put_back(&mut self, task: Arc<Task>) {
        if let Some(key) = KernelData::of(&task).map(|data| data.scheduling.key()) {
            self.ready.push(key, task);
        }
    }

    /// Where a task that comes back to fair scheduling stands: not behind by what it ran at a real-time priority.
    pub(super) fn floor(&self) -> u64 {
        self.floor.time()
    }
}

/// What becomes of a running task that another is to replace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// It runs on.
    Keep,
    /// It is first among its equals.
    Front,
    /// It is last among its equals.
    Back,
}

/// The running task's account; `None` for the idle task.
pub(super) fn with_running<R>(action: impl FnOnce(Option<&Scheduling>) -> R) -> R {
    task::with_current(|current| action(KernelData::of(current).map(|data| &*data.scheduling)))
}

/// Brings the account of the running task up to date, if it is this one.
pub(super) fn charge_if_running(scheduling: &Scheduling) {
    let mut cpu = own();
    with_running(|current| {
        if current.is_some_and(|current| core::ptr::eq(current, scheduling)) {
            cpu.charge(current, time::now().0);
        }
    });
}

/// Lets this CPU switch at moments drawn from `seed`, to find races.
pub fn disturb(seed: u64) {
    own().disturb(Disorder::new(seed));
}

/// How long this CPU has been idle since boot, in nanoseconds.
pub fn idle_time() -> u64 {
    own().idle
}

/// How many tasks run or could run now.
pub fn ready_tasks() -> usize {
    own().ready.len() + with_running(|current| usize::from(current.is_some()))
}
