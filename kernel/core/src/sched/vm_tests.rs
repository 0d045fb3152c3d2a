//! Scheduling, on the machine. The test itself runs as the idle task: all others are started by it.

use super::attributes::{Attributes, Policy};
use super::{KernelData, Mutex, WaitQueue, cpu, park, park_until, policy, unpark, yield_now};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use threadbare_machine::task::{self, Registers, Task};
use threadbare_machine::tests::Test;
use threadbare_machine::time::{self, Nanoseconds};
use threadbare_machine::{cpu as processor, irq};

pub(crate) const TESTS: &[Test] = &[
    Test::new("fair_tasks_get_time_by_their_weights", fair_shares),
    Test::new("real_time_tasks_run_first_and_by_priority", priorities),
    Test::new(
        "a_real_time_task_that_never_waits_leaves_a_share_to_fair_ones",
        real_time_share,
    ),
    Test::new(
        "who_wakes_after_a_wait_takes_a_long_runner_s_place",
        wake_up_preemption,
    ),
    Test::new("batch_tasks_take_nobody_s_place", batch),
    Test::new("no_wake_up_is_lost_between_two_that_take_turns", turns),
    Test::new("a_wake_up_before_the_wait_ends_it", token),
    Test::new("a_wait_with_a_deadline_ends_then_and_not_before", deadline),
    Test::new("a_mutex_lets_one_in_at_a_time", exclusion),
    Test::new("time_on_the_cpu_is_accounted_for", accounts),
];

const NORMAL: Attributes = Attributes {
    policy: Policy::Other,
    nice: 0,
    priority: 0,
    reset_on_fork: false,
};

fn nice(nice: i8) -> Attributes {
    Attributes { nice, ..NORMAL }
}

fn fifo(priority: u8) -> Attributes {
    Attributes {
        policy: Policy::Fifo,
        priority,
        ..NORMAL
    }
}

/// A count that tasks change and the test waits for.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl Count {
    fn add(&self) -> usize {
        self.0.fetch_add(1, SeqCst)
    }

    fn get(&self) -> usize {
        self.0.load(SeqCst)
    }

    /// Runs tasks until it has come to `value`.
    fn wait_for(&self, value: usize) {
        policy::initialise();
        while self.get() < value {
            let interrupts = irq::disable();
            policy::preempt();
            if self.get() < value && cpu::ready_tasks() == 0 {
                processor::wait_for_interrupt();
            }
            drop(interrupts);
            irq::enable();
        }
    }
}

fn start(attributes: Attributes, entry: impl FnOnce() + Send + 'static) -> Arc<Task> {
    policy::initialise();
    let data = KernelData::default();
    data.scheduling.apply(attributes);
    policy::spawn("tested", data, Registers::None, entry).expect("memory for a task")
}

fn time_of(task: &Task) -> u64 {
    KernelData::of(task)
        .expect("started here")
        .scheduling
        .cpu_time_total()
}

/// Keeps the CPU until the running task has had this many milliseconds of it.
fn run_for(milliseconds: u64) {
    let until = time_of(&task::current()) + milliseconds * 1_000_000;
    while time_of(&task::current()) < until {
        processor::relax();
    }
}

/// Whoever runs this machine may take its CPU away for longer than a slice, at one task's expense: so it is tried again.
fn fair_shares() {
    let tries: Vec<_> = (0..5)
        .map(|_| shares())
        .take_while(|times| !are_fair(times))
        .collect();
    assert!(tries.len() < 5, "{tries:?}");
}

/// Nice 0, 0, 5 and 10 weigh so much.
const WEIGHTS: [u64; 4] = [1024, 1024, 335, 110];

fn are_fair(times: &[u64]) -> bool {
    let total: u64 = times.iter().sum();
    times.iter().zip(WEIGHTS).all(|(time, weight)| {
        let due = total * weight / WEIGHTS.iter().sum::<u64>();
        time.abs_diff(due) < due / 5 + 8_000_000
    })
}

/// How long tasks of nice 0, 0, 5 and 10 run that share half a second.
fn shares() -> Vec<u64> {
    let stop = Count::default();
    let done = Count::default();
    let tasks: Vec<_> = [0, 0, 5, 10]
        .into_iter()
        .map(|level| {
            let (stop, done) = (stop.clone(), done.clone());
            start(nice(level), move || {
                while stop.get() == 0 {
                    processor::relax();
                }
                done.add();
            })
        })
        .collect();
    let counted = done.clone();
    start(fifo(1), move || {
        park_until_passed(time::now().0 + 500_000_000);
        stop.add();
        counted.add();
    });
    done.wait_for(5);
    tasks.iter().map(|task| time_of(task)).collect()
}

fn park_until_passed(deadline: u64) {
    while park_until(Nanoseconds(deadline)) {}
}

fn priorities() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let done = Count::default();
    for (name, attributes) in [
        ("fair", NORMAL),
        ("low", fifo(1)),
        ("high", fifo(99)),
        ("first of two", fifo(50)),
        ("second of two", fifo(50)),
    ] {
        let (order, done) = (order.clone(), done.clone());
        start(attributes, move || {
            order.lock().push(name);
            done.add();
        });
    }
    done.wait_for(5);
    assert_eq!(
        *order.lock(),
        ["high", "first of two", "second of two", "low", "fair"]
    );
}

fn real_time_share() {
    let done = Count::default();
    let fair = done.clone();
    start(fifo(99), {
        let done = done.clone();
        move || {
            while done.get() == 0 {
                processor::relax(); // until the fair task has run
            }
            done.add();
        }
    });
    start(NORMAL, move || {
        fair.add();
    });
    done.wait_for(2);
}

fn wake_up_preemption() {
    assert!(woken_runs_at_once(NORMAL), "the sleeper had to wait");
    assert!(woken_runs_at_once(fifo(1)), "the real-time sleeper had to wait");
}

fn batch() {
    let batch = Attributes {
        policy: Policy::Batch,
        ..NORMAL
    };
    assert!(!woken_runs_at_once(batch), "a batch task took another's place");
}

/// Whether a task with these attributes runs as soon as one that has run for long wakes it.
fn woken_runs_at_once(attributes: Attributes) -> bool {
    let ran = Count::default();
    let done = Count::default();
    let at_once = Count::default();
    let sleeper = start(attributes, {
        let (ran, done) = (ran.clone(), done.clone());
        move || {
            ran.add();
            park();
            ran.add();
            done.add();
        }
    });
    start(NORMAL, {
        let (done, at_once) = (done.clone(), at_once.clone());
        move || {
            while ran.get() == 0 {
                yield_now();
            }
            run_for(5);
            let _still = irq::disable(); // so that no end of a slice lets it run
            task::wants_reschedule();
            unpark(&sleeper);
            if task::wants_reschedule() {
                policy::preempt();
            }
            if ran.get() == 2 {
                at_once.add();
            }
            done.add();
        }
    });
    done.wait_for(2);
    at_once.get() == 1
}

fn turns() {
    const ROUNDS: usize = 20_000;
    let turn = Count::default();
    let queue = Arc::new(WaitQueue::new());
    let done = Count::default();
    for me in 0..2 {
        let (turn, queue, done) = (turn.clone(), queue.clone(), done.clone());
        start(NORMAL, move || {
            for _ in 0..ROUNDS {
                queue.wait(|| (turn.get() % 2 == me).then_some(()));
                turn.add();
                queue.wake_all();
            }
            done.add();
        });
    }
    done.wait_for(2);
    assert_eq!(turn.get(), 2 * ROUNDS);
}

fn token() {
    let done = Count::default();
    let counted = done.clone();
    start(NORMAL, move || {
        unpark(&task::current());
        park();
        counted.add();
    });
    done.wait_for(1);
}

fn deadline() {
    let done = Count::default();
    let counted = done.clone();
    start(NORMAL, move || {
        for nanoseconds in [1, 10_000, 3_000_000] {
            let deadline = Nanoseconds(time::now().0 + nanoseconds);
            while park_until(deadline) {}
            assert!(time::now() >= deadline);
        }
        counted.add();
    });
    done.wait_for(1);
}

fn exclusion() {
    const ROUNDS: usize = 500;
    let value = Arc::new(Mutex::new((0, false)));
    let done = Count::default();
    for _ in 0..4 {
        let (value, done) = (value.clone(), done.clone());
        start(NORMAL, move || {
            for round in 0..ROUNDS {
                let mut held = value.lock();
                assert!(!core::mem::replace(&mut held.1, true), "two are inside");
                held.0 += 1;
                if round % 8 == 0 {
                    yield_now();
                }
                held.1 = false;
            }
            done.add();
        });
    }
    done.wait_for(4);
    assert_eq!(value.lock().0, 4 * ROUNDS);
}

fn accounts() {
    let done = Count::default();
    let counted = done.clone();
    let idle_before = cpu::idle_time();
    let task = start(NORMAL, move || {
        run_for(20);
        park_until_passed(time::now().0 + 20_000_000);
        counted.add();
    });
    done.wait_for(1);
    let data = KernelData::of(&task).expect("started here");
    let time = data.scheduling.cpu_time();
    assert!(time.user + time.system >= 20_000_000, "{time:?}");
    assert!(
        time.system > time.user,
        "a kernel thread has no time in ring 3: {time:?}"
    );
    assert!(
        cpu::idle_time() - idle_before >= 15_000_000,
        "it slept for 20 ms and nobody else ran"
    );
    let (voluntary, _) = data.scheduling.switches();
    assert!(voluntary >= 1, "it has waited");
}
