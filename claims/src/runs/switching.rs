//! What a switch of threads saves and shares, as far as ring 3 sees it; and what it costs besides.

use super::Run;
use super::memory::{chase_once, ring};
use crate::fault;
use crate::mutation::broken;
use crate::pages::mapping_of;
use crate::show::{Picture, Show};
use crate::step::steps;
use std::arch::{asm, naked_asm};
use std::thread;
use threadbare_context::{Coroutine, MappedStack, Resumed, Stack, StackPointer, Yielder, prepare, switch};

pub(crate) const RUNS: &[Run] = &[
    ("switch.by-hand", by_hand),
    ("switch.callee-saved", callee_saved),
    ("switch.suspended-stack", suspended_stack),
    ("switch.fresh-stack-alignment", fresh_stack_alignment),
    ("switch.threads-share", threads_share),
    ("switch.saving-is-fast", saving_is_fast),
    ("switch.cold-caches", cold_caches),
    ("switch.cold-translations", cold_translations),
    ("switch.cold-predictor", cold_predictor),
];

/// The switch in its plainest form: save what System V makes callee-saved, exchange RSP, restore. `$save` and `$restore` deal
/// with RBX.
macro_rules! plain_switch {
    ($name:ident, $save:literal, $restore:literal) => {
        #[unsafe(naked)]
        unsafe extern "sysv64" fn $name(_save: *mut u64, _to: *const u64) {
            naked_asm!(
                $save,
                "push rbp",
                "push r12",
                "push r13",
                "push r14",
                "push r15",
                "mov [rdi], rsp", // the thread that leaves is this number from now on
                "mov rsp, [rsi]",
                "pop r15",
                "pop r14",
                "pop r13",
                "pop r12",
                "pop rbp",
                $restore,
                "ret", // into the other thread
            )
        }
    };
}

plain_switch!(plain, "push rbx", "pop rbx");
// The twin that forgets RBX, and only makes room for it.
plain_switch!(without_rbx, "sub rsp, 8", "add rsp, 8");

/// RSP of the two threads of [`by_hand`]: the one that began, and the other.
static mut THREADS: [u64; 2] = [0; 2];

/// Fills the callee-saved registers, switches to the other thread by the function in RDI, and stores them in RSI afterwards.
#[unsafe(naked)]
unsafe extern "sysv64" fn first_thread(_switch: u64, _seen: &mut [u64; 6]) {
    naked_asm!(
        push_preserved!(),
        "push rsi",
        fill_preserved!(),
        "mov rax, rdi",
        "lea rdi, [rip + {threads}]",
        "lea rsi, [rip + {threads} + 8]",
        "call rax",
        "pop rsi",
        store_preserved!("rsi"),
        pop_preserved!(),
        "ret",
        threads = sym THREADS,
    )
}

/// The other thread: uses all registers for itself and switches back. Its switch lies in R15, from its fresh stack.
#[unsafe(naked)]
unsafe extern "sysv64" fn second_thread() {
    naked_asm!(
        "mov rax, r15",
        "mov rbx, -1",
        "mov rbp, -1",
        "mov r12, -1",
        "mov r13, -1",
        "mov r14, -1",
        "mov r15, -1",
        "lea rdi, [rip + {threads} + 8]",
        "lea rsi, [rip + {threads}]",
        "call rax",
        "ud2",
        threads = sym THREADS,
    )
}

fn by_hand(show: &mut Show) {
    let routine = if broken("switch-without-rbx") {
        without_rbx
    } else {
        plain
    };
    let address = routine as *const () as u64;
    let mut stack = vec![0u64; 512];
    // What `plain` pops: R15, R14, R13, R12, RBP, RBX, and where RET goes.
    stack[496] = address;
    stack[502] = second_thread as *const () as u64;
    let mut seen = [0; 6];
    // SAFETY: the second thread has a stack that is laid out as the switch leaves one.
    unsafe {
        THREADS[1] = &raw const stack[496] as u64;
        first_thread(address, &mut seen);
    }
    for (before, (name, after)) in (101..).zip(["RBX", "RBP", "R12", "R13", "R14", "R15"].iter().zip(seen)) {
        show.seen(
            name,
            format_args!(
                "{before} before the other thread ran, {} after",
                after.cast_signed()
            ),
        );
        show.demand(&format!("{name} is the thread's own"), after == before);
    }
    // SAFETY: the switches are over.
    let rsp = unsafe { THREADS };
    show.seen(
        "RSP of the two threads while they were suspended",
        format_args!("{:#x}, {:#x}", rsp[0], rsp[1]),
    );
    let ours = &raw const stack[0] as u64..&raw const stack[511] as u64;
    show.demand(
        "each has a stack of its own",
        ours.contains(&rsp[1]) && !ours.contains(&rsp[0]),
    );
}

/// Fills the callee-saved registers, calls `function(argument)`, and stores them in `*seen` afterwards.
#[unsafe(naked)]
unsafe extern "sysv64" fn with_registers(
    _function: extern "sysv64" fn(*const ()),
    _argument: *const (),
    _seen: *mut [u64; 6],
) {
    naked_asm!(
        push_preserved!(),
        "push rdx",
        fill_preserved!(),
        "mov rax, rdi",
        "mov rdi, rsi",
        "call rax", // switches away and back
        "pop rdx",
        store_preserved!("rdx"),
        pop_preserved!(),
        "ret",
    )
}

extern "sysv64" fn suspend_often(yielder: *const ()) {
    // SAFETY: `callee_saved` passes its coroutine's yielder, from inside that coroutine.
    let yielder = unsafe { &*yielder.cast::<Yielder<(), ()>>() };
    for _ in 0..1000 {
        yielder.suspend(());
    }
}

/// The library's own switch: a coroutine that holds values in all callee-saved registers, while its resumer works with them.
fn callee_saved(show: &mut Show) {
    let Ok(stack) = MappedStack::new(64 << 10) else {
        return show.demand("a stack is to be had", false);
    };
    let mut coroutine: Coroutine<(), (), [u64; 6], _> = Coroutine::new(stack, |yielder, ()| {
        let mut seen = [0; 6];
        let yielder: *const Yielder<(), ()> = yielder;
        // SAFETY: the function is made for this argument, and `seen` has six words.
        unsafe { with_registers(suspend_often, yielder.cast(), &raw mut seen) };
        seen
    });
    let mut switches = 0;
    let seen = loop {
        let resumed = coroutine.resume(());
        // SAFETY: changes registers, and says so.
        unsafe {
            asm!("mov r12, -1", "mov r13, -1", "mov r14, -1", "mov r15, -1", out("r12") _, out("r13") _, out("r14") _, out("r15") _)
        };
        match resumed {
            Resumed::Yielded(()) => switches += 1,
            Resumed::Returned(seen) => break seen,
        }
    };
    show.seen("times that the coroutine was left", switches);
    for (before, (name, after)) in (101..).zip(["RBX", "RBP", "R12", "R13", "R14", "R15"].iter().zip(seen)) {
        show.seen(name, format_args!("{before} before, {after} after"));
        show.demand(&format!("{name} is kept across switches"), after == before);
    }
    show.demand("it was left a thousand times", switches == 1000);
}

/// Where the two sides of [`suspended_stack`] leave themselves.
static mut SIDES: [StackPointer; 2] = [StackPointer(0), StackPointer(0)];

/// The first function of a fresh stack: goes back at once, with the argument that it found.
unsafe extern "sysv64" fn enter(argument: usize, transfer: usize) -> ! {
    // SAFETY: the other side waits in its `switch`.
    unsafe {
        let other = SIDES[0];
        switch(&raw mut SIDES[1], other, argument + transfer);
    }
    unreachable!("nobody resumes this side again")
}

fn suspended_stack(show: &mut Show) {
    let Ok(stack) = MappedStack::new(64 << 10) else {
        return show.demand("a stack is to be had", false);
    };
    let base = stack.base();
    // SAFETY: the stack is fresh and lives to the end of this function.
    let fresh = unsafe { prepare(base, enter, 40) };
    let read = |address: usize| {
        // SAFETY: words of the stack, on which nothing runs now.
        unsafe { (address as *const u64).read() }
    };
    let prepared: Vec<u64> = (0..5).map(|index| read(fresh.0 + 8 * index)).collect();
    // SAFETY: `fresh` comes from `prepare`, and is used once.
    let received = unsafe { switch(&raw mut SIDES[0], fresh, 2) };
    // SAFETY: the other side is suspended.
    let suspended = unsafe { SIDES[1] };
    let rip = read(suspended.0);
    show.seen(
        "a fresh stack, from its stack pointer",
        format_args!("{prepared:x?}"),
    );
    show.seen("what came back", received);
    show.hex("the stack pointer of the suspended side", suspended.0 as u64);
    show.hex("the word there", rip);
    show.seen("the mapping that it leads to", mapping_of(rip));
    show.demand(
        "the first switch calls the entry function with its argument",
        received == 42,
    );
    show.demand(
        "what is suspended lies on its own stack",
        (stack.limit()..base).contains(&suspended.0),
    );
    show.demand(
        "its first word is where to go on",
        mapping_of(rip).contains("r-xp"),
    );
    show.demand(
        "below the base is a zero return address, where walkers stop",
        prepared[4] == 0,
    );
    let picture = Picture::begin(
        "suspended",
        "A fresh stack, and the same stack suspended in a switch",
    );
    picture.point("the first lines of every stack", prepared[0]);
    picture.point("the entry function", prepared[1]);
    picture.point("behind the switch", rip);
    picture.column("fresh, as it was prepared");
    picture.point("base", base as u64);
    let meanings = [
        "popped into RIP by the switch",
        "entry function",
        "its argument",
        "end of the frame pointers",
        "return address of nobody",
    ];
    for (index, meaning) in meanings.iter().enumerate().rev() {
        picture.word((fresh.0 + 8 * index) as u64, prepared[index], meaning);
    }
    picture.column("suspended");
    picture.point("stack pointer", suspended.0 as u64);
    picture.unknown(suspended.0 as u64 + 16, "RBP of the suspended side");
    picture.unknown(suspended.0 as u64 + 8, "RBX of the suspended side");
    picture.word(suspended.0 as u64, rip, "where it goes on");
}

/// RSP at the first instruction of a fresh stack's entry function.
static mut ENTRY_RSP: u64 = 0;

/// Notes RSP, saves a vector as compiled code may, and goes on in [`enter`].
#[unsafe(naked)]
unsafe extern "sysv64" fn entry_with_vector(_argument: usize, _transfer: usize) -> ! {
    naked_asm!(
        "mov [rip + {rsp}], rsp",
        "movaps [rsp - 24], xmm0",
        "jmp {enter}",
        rsp = sym ENTRY_RSP,
        enter = sym enter,
    )
}

/// Runs [`entry_with_vector`] on a stack whose base is the argument.
#[expect(clippy::cast_possible_truncation, reason = "an address has 64 bits here")]
unsafe extern "sysv64" fn run_fresh(base: u64) -> u64 {
    // SAFETY: the caller passes the base of a stack; `enter` comes back.
    unsafe {
        let fresh = prepare(base as usize, entry_with_vector, 40);
        switch(&raw mut SIDES[0], fresh, 2) as u64
    }
}

fn fresh_stack_alignment(show: &mut Show) {
    let Ok(stack) = MappedStack::new(64 << 10) else {
        return show.demand("a stack is to be had", false);
    };
    let off = if broken("misaligned-fresh-stack") { 8 } else { 0 };
    // SAFETY: the stack is fresh. Where the entry function faults, its stack is never used again.
    let outcome = unsafe { fault::catch(run_fresh, stack.base() as u64 - off) };
    // SAFETY: the entry function is suspended, or over.
    let rsp = unsafe { ENTRY_RSP };
    show.seen(
        "RSP at the entry function's first instruction",
        format_args!("{rsp:#x}, {} modulo 16", rsp % 16),
    );
    show.seen("what came of its movaps", fault::told(outcome));
    show.demand("it is as if a call had led there", rsp % 16 == 8);
    show.demand("so vectors can be saved", outcome == Ok(42));
}

static SHARED: u64 = 5;

thread_local! {
    static OWN: u64 = const { 7 };
}

/// Addresses as a thread sees them: a static, a local, a thread-local.
fn addresses() -> [u64; 3] {
    let local = 0u64;
    [
        &raw const SHARED as u64,
        &raw const local as u64,
        OWN.with(|own| &raw const *own as u64),
    ]
}

fn threads_share(show: &mut Show) {
    let shared = std::sync::atomic::AtomicU64::new(1);
    let one = addresses();
    let other = thread::scope(|scope| {
        let thread = scope.spawn(|| {
            shared.store(2, std::sync::atomic::Ordering::Relaxed);
            (addresses(), mapping_of(addresses()[1]))
        });
        thread.join().ok()
    });
    let Some((other, its_stack)) = other else {
        return show.demand("the thread ran", false);
    };
    let value = shared.into_inner();
    show.seen(
        "a static, as two threads see it",
        format_args!("{:#x}, {:#x}", one[0], other[0]),
    );
    show.seen("a variable of one, written by the other", value);
    show.seen(
        "a local of the same function",
        format_args!("{:#x}, {:#x}", one[1], other[1]),
    );
    show.seen(
        "the mappings of the two stacks",
        format_args!("{} and {its_stack}", mapping_of(one[1])),
    );
    show.seen("a thread-local", format_args!("{:#x}, {:#x}", one[2], other[2]));
    show.demand("memory is shared", one[0] == other[0] && value == 2);
    show.demand("stacks are not", mapping_of(one[1]) != its_stack);
    show.demand("nor are thread-locals", one[2] != other[2]);
}

/// Pushes the fifteen registers besides RSP and pops them again.
#[unsafe(naked)]
unsafe extern "sysv64" fn save_and_restore(_unused: u64) -> u64 {
    naked_asm!(
        "push rax", "push rcx", "push rdx", "push rbx", "push rbp", "push rsi", "push rdi", "push r8",
        "push r9", "push r10", "push r11", "push r12", "push r13", "push r14", "push r15", "pop r15",
        "pop r14", "pop r13", "pop r12", "pop r11", "pop r10", "pop r9", "pop r8", "pop rdi", "pop rsi",
        "pop rbp", "pop rbx", "pop rdx", "pop rcx", "pop rax", "ret",
    )
}

fn cycles(mut work: impl FnMut()) -> u64 {
    // SAFETY: RDTSC is allowed in ring 3.
    let start = unsafe { std::arch::x86_64::_rdtsc() };
    work();
    // SAFETY: as above.
    let end = unsafe { std::arch::x86_64::_rdtsc() };
    end - start
}

fn median(mut of: impl FnMut() -> u64) -> u64 {
    let mut all: Vec<u64> = (0..9).map(|_| of()).collect();
    all.sort_unstable();
    all[4]
}

fn saving_is_fast(show: &mut Show) {
    // SAFETY: what is pushed is popped.
    let instructions = unsafe { steps(save_and_restore, 0) }.len() - 2;
    let saving = median(|| {
        cycles(|| {
            for _ in 0..1000 {
                // SAFETY: as above.
                unsafe { save_and_restore(0) };
            }
        }) / 1000
    });
    let far = ring(8 << 20);
    let mut at = 0;
    let one_miss = median(|| cycles(|| at = chase_once(&far, at, 1000)) / 1000);
    show.seen("instructions that save and restore 15 registers", instructions);
    show.seen("cycles that they take", saving);
    show.seen("cycles of a single load that no cache answers", one_miss);
    show.demand("fifteen pushes and fifteen pops", instructions == 30);
}

/// Cycles of a load over `steps` steps: right after the same steps, and after `disturb`.
fn warm_and_cold(ring: &[u32], steps: u32, mut disturb: impl FnMut()) -> (f64, f64) {
    let each = |total: u64| total as f64 / f64::from(steps);
    let mut go = || {
        cycles(|| {
            chase_once(ring, 0, steps);
        })
    };
    go();
    let warm = median(&mut go);
    let cold = median(|| {
        disturb();
        go()
    });
    (each(warm), each(cold))
}

fn cold_caches(show: &mut Show) {
    let (mine, others) = (ring(8 << 10), ring(8 << 20));
    let (warm, cold) = warm_and_cold(&mine, 8 << 10, || {
        chase_once(&others, 0, 1 << 17);
    });
    show.seen(
        "cycles of a load, working set of 32 KiB in use",
        format_args!("{warm:.1}"),
    );
    show.seen(
        "the same after somebody else used 128 thousand lines of 32 MiB",
        format_args!("{cold:.1}"),
    );
    show.demand("both were measured", warm > 0.0 && cold > 0.0);
}

/// As many cells as a line each has, in `1 << 12` lines: next to each other, or each on a page of its own.
fn cold_translations(show: &mut Show) {
    let lines = 1 << 12;
    let spread = |stride: usize| {
        let order = ring(lines);
        let mut cells = vec![0u32; lines * stride];
        for (from, to) in order.iter().enumerate() {
            cells[from * stride] = to * u32::try_from(stride).unwrap_or(1);
        }
        cells
    };
    // 17 words and 1024 + 16 words, so that the lines fall into different sets of the caches.
    let (dense, sparse) = (spread(16), spread(1024 + 16));
    let of = |cells: &[u32]| {
        let steps = 1u32 << 12;
        chase_once(cells, 0, steps);
        median(|| {
            cycles(|| {
                chase_once(cells, 0, steps);
            })
        }) as f64
            / f64::from(steps)
    };
    show.seen(
        "cycles of a load, 4096 lines on 64 pages",
        format_args!("{:.1}", of(&dense)),
    );
    show.seen(
        "cycles of a load, 4096 lines on 4096 pages and more",
        format_args!("{:.1}", of(&sparse)),
    );
    show.demand("both were measured", of(&dense) > 0.0);
}

/// Branches by the bits of `pattern`, each one taken or not as the byte says.
fn branches(pattern: &[u8]) -> u64 {
    let taken: u64;
    // SAFETY: reads the bytes of the slice.
    unsafe {
        asm!(
            "2:",
            "cmp byte ptr [{at}], 0",
            "je 3f",
            "inc {taken}",
            "3:",
            "inc {at}",
            "cmp {at}, {end}",
            "jb 2b",
            at = inout(reg) pattern.as_ptr() => _,
            end = in(reg) pattern.as_ptr_range().end,
            taken = inout(reg) 0u64 => taken,
            options(readonly, nostack),
        );
    }
    taken
}

fn cold_predictor(show: &mut Show) {
    let pattern = |seed: u64| {
        let mut state = seed;
        let bits = std::iter::repeat_with(move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            u8::from(state & 1 == 1)
        });
        bits.take(512).collect::<Vec<u8>>()
    };
    let mine = pattern(0x9e37_79b9_7f4a_7c15);
    for _ in 0..200 {
        branches(&mine);
    }
    let learned = median(|| {
        cycles(|| {
            branches(&mine);
        })
    });
    let mut seed = 1;
    let unknown = median(|| {
        seed += 2;
        let other = pattern(seed << 32 | seed);
        cycles(|| {
            branches(&other);
        })
    });
    let each = |total: u64| format!("{:.1}", total as f64 / 512.0);
    show.seen("cycles of a branch whose pattern is known", each(learned));
    show.seen(
        "cycles of the same branch with a pattern that is new",
        each(unknown),
    );
    show.demand("both were measured", learned > 0 && unknown > 0);
}
