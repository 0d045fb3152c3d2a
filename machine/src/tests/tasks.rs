//! Kernel threads: switching, ending, preemption.

use super::Test;
use crate::irq;
use crate::sync::{Once, SpinLock};
use crate::task::{self, Registers, Scheduler, Task};
use crate::time::{self, Nanoseconds};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::arch::asm;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

pub(super) const TESTS: &[Test] = &[
    Test::new("tasks_switch_back_and_forth_and_end", ping_pong),
    Test::new("all_registers_survive_timer_interrupts", registers_survive_timer),
    Test::new("a_task_that_never_yields_is_preempted", preemption),
    Test::new("a_task_s_stack_comes_back_when_it_has_ended", stacks_come_back),
];

/// First come, first served.
pub(super) struct Queue(pub(super) SpinLock<VecDeque<Arc<Task>>>);

pub(super) static QUEUE: Queue = Queue(SpinLock::new(VecDeque::new()));
static MAIN: Once<Arc<Task>> = Once::new();

impl Scheduler for Queue {
    fn after_end(&self) -> Arc<Task> {
        self.0.lock().pop_front().expect("somebody waits")
    }

    fn preempt(&self) {
        yield_now();
    }
}

pub(super) fn set_up() {
    MAIN.get_or_init(task::current);
    task::set_scheduler(&QUEUE);
}

pub(super) fn yield_now() {
    let _interrupts = irq::disable();
    let next = QUEUE.0.lock().pop_front();
    if let Some(next) = next {
        QUEUE.0.lock().push_back(task::current());
        task::switch_to(next);
    }
}

fn spawn(name: &'static str, entry: impl FnOnce() + Send + 'static) {
    let task = Task::new(name, Box::new(()), Registers::None, entry).expect("memory for a task");
    QUEUE.0.lock().push_back(task);
}

fn ping_pong() {
    set_up();
    static TURNS: AtomicUsize = AtomicUsize::new(0);
    for _ in 0..3 {
        spawn("player", || {
            for _ in 0..100 {
                TURNS.fetch_add(1, Relaxed);
                yield_now();
            }
        });
    }
    while TURNS.load(Relaxed) < 300 || !QUEUE.0.lock().is_empty() {
        yield_now();
    }
    assert_eq!(TURNS.load(Relaxed), 300);
}

static TICKS: AtomicUsize = AtomicUsize::new(0);

/// A tick every 50 µs, each asking for a switch.
fn tick() {
    TICKS.fetch_add(1, Relaxed);
    task::reschedule_soon();
    time::set_timer(Nanoseconds(time::now().0 + 50_000), tick);
}

fn stop_ticking() {
    time::set_timer(Nanoseconds(u64::MAX), || ());
}

fn registers_survive_timer() {
    set_up();
    TICKS.store(0, Relaxed);
    tick();
    irq::enable();
    let changed: u64;
    // SAFETY: every register is declared; the loop only compares them until enough ticks have come.
    unsafe {
        asm!(
            "push rbx", "push rbp",
            "mov rax, 1", "mov rbx, 2", "mov rcx, 3", "mov rdx, 4", "mov rsi, 5", "mov rbp, 7",
            "mov r8, 8", "mov r9, 9", "mov r10, 10", "mov r11, 11", "mov r12, 12", "mov r13, 13", "mov r14, 14", "mov r15, 15",
            "2:",
            "cmp rax, 1", "jne 3f", "cmp rbx, 2", "jne 3f", "cmp rcx, 3", "jne 3f", "cmp rdx, 4", "jne 3f",
            "cmp rsi, 5", "jne 3f", "cmp rbp, 7", "jne 3f", "cmp r8, 8", "jne 3f", "cmp r9, 9", "jne 3f",
            "cmp r10, 10", "jne 3f", "cmp r11, 11", "jne 3f", "cmp r12, 12", "jne 3f", "cmp r13, 13", "jne 3f",
            "cmp r14, 14", "jne 3f", "cmp r15, 15", "jne 3f",
            "cmp qword ptr [rdi], 20",
            "jb 2b",
            "xor eax, eax",
            "jmp 4f",
            "3:",
            "mov eax, 1",
            "4:",
            "pop rbp", "pop rbx",
            inout("rdi") TICKS.as_ptr() => _,
            out("rax") changed, out("rcx") _, out("rdx") _, out("rsi") _, out("r8") _, out("r9") _, out("r10") _,
            out("r11") _, out("r12") _, out("r13") _, out("r14") _, out("r15") _,
        );
    }
    stop_ticking();
    assert_eq!(changed, 0, "a register was changed");
}

fn preemption() {
    set_up();
    static SPINS: AtomicUsize = AtomicUsize::new(0);
    static DONE: AtomicUsize = AtomicUsize::new(0);
    tick();
    spawn("spinner", || {
        while DONE.load(Relaxed) == 0 {
            SPINS.fetch_add(1, Relaxed); // never yields by itself
        }
    });
    irq::enable();
    while SPINS.load(Relaxed) == 0 {
        core::hint::spin_loop(); // nor does this one: only the timer can let the other run …
    }
    DONE.store(1, Relaxed); // … and only the timer brought us back here
    while !QUEUE.0.lock().is_empty() {
        yield_now();
    }
    stop_ticking();
}

fn stacks_come_back() {
    set_up();
    let round = || {
        for _ in 0..20 {
            spawn("short", || ());
        }
        while !QUEUE.0.lock().is_empty() {
            yield_now();
        }
    };
    round();
    let before = crate::memory::usage().free;
    round();
    round();
    assert_eq!(crate::memory::usage().free, before);
}
