//! Switching between threads and between processes (SDM 3A, 5.10.4.1 for what a load of CR3 does).

use super::raw::{Net, catch};
use super::see::{Picture, seen, seen_hex};
use super::testpage::{ACCESSED, EntryAt};
use crate::cpu::control::cr3;
use crate::cpu::features;
use crate::memory::{Frame, PAGE_SIZE, PhysAddr};
use crate::paging::{Access, UserSpace, kernel};
use crate::task::{self, Registers, Task};
use crate::tests::Test;
use crate::tests::tasks::{QUEUE, set_up};
use crate::tests::user::program;
use crate::trap::entry::{pop_preserved_registers, push_preserved_registers};
use crate::trap::vector;
use crate::user::{self, Trap, UserContext};
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::arch::{asm, naked_asm};
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

pub(crate) const TESTS: &[Test] = &[
    Test::new("claims::switch.thread", thread),
    Test::new("claims::switch.process", process),
    Test::new("claims::switch.shared-and-private", shared_and_private),
];

/// A thread that switches back whenever it is switched to, until it is told to end.
struct Partner {
    task: Arc<Task>,
    main: Arc<Task>,
}

static END: AtomicBool = AtomicBool::new(false);

impl Partner {
    /// A partner that does `each_time` before it switches back, in `space` if that is given.
    fn new(space: Option<&UserSpace>, each_time: impl Fn() + Send + 'static) -> Partner {
        set_up();
        let (main, space) = (task::current(), space.map(UserSpace::handle));
        let back = main.clone();
        let entry = move || {
            space.into_iter().for_each(task::set_space);
            while !END.load(Relaxed) {
                stop_counting(); // what was counted ends with the switch
                each_time();
                task::switch_to(back.clone());
            }
        };
        let task = Task::new("partner", Box::new(()), Registers::Initial, entry).expect("memory for a task");
        END.store(false, Relaxed);
        let partner = Partner { task, main };
        partner.take_a_turn(); // it has started
        partner
    }

    fn take_a_turn(&self) {
        task::switch_to(self.task.clone());
    }
}

impl Drop for Partner {
    fn drop(&mut self) {
        END.store(true, Relaxed);
        QUEUE.0.lock().push_back(self.main.clone()); // who runs when it has ended
        self.take_a_turn();
    }
}

static COUNT: AtomicU64 = AtomicU64::new(0);

/// Counts an instruction.
#[unsafe(naked)]
unsafe extern "sysv64" fn single_step() {
    naked_asm!("inc qword ptr [rip + {count}]", "iretq", count = sym COUNT)
}

/// Sets the trap flag: #DB after every instruction from here on.
#[inline(always)]
fn start_counting() {
    // SAFETY: called where #DB leads to `single_step`.
    unsafe { asm!("pushfq", "or qword ptr [rsp], 0x100", "popfq") }
}

#[inline(always)]
fn stop_counting() {
    // SAFETY: clears the trap flag.
    unsafe { asm!("pushfq", "and qword ptr [rsp], ~0x100", "popfq") }
}

/// How many instructions it takes from here to the partner.
fn instructions_to(partner: &Partner) -> u64 {
    extern "sysv64" fn turn(partner: u64, _second: u64) {
        // SAFETY: the reference below.
        let partner = unsafe { &*(partner as *const Partner) };
        start_counting();
        partner.take_a_turn();
    }
    COUNT.store(0, Relaxed);
    let handler = Net::to(vector::DEBUG, single_step as *const () as usize);
    // SAFETY: the handler returns, and changes no register.
    unsafe { catch(&[handler], turn, core::ptr::from_ref(partner) as u64, 0) };
    COUNT.load(Relaxed)
}

/// Pages that a program touches.
const PAGES: usize = 32;
/// Where: other places in a small direct-mapped TLB than code and stack.
const FIRST: usize = 0x62_0000;

#[unsafe(naked)]
unsafe extern "sysv64" fn touch_pages() {
    naked_asm!(
        "2:",
        "mov edi, 0x620000",
        "mov ecx, 32",
        "3:",
        "mov rax, [rdi]",
        "add rdi, 4096",
        "dec ecx",
        "jnz 3b",
        "syscall",
        "jmp 2b"
    )
}

/// A program that touches its pages at each run, in the space that is loaded.
struct Toucher {
    space: UserSpace,
    context: UserContext,
}

impl Toucher {
    fn new(byte: u8) -> Toucher {
        let (mut space, context) = program(touch_pages);
        for page in 0..PAGES {
            let frame = Frame::zeroed().expect("memory for a page");
            frame.write(0, &[byte]);
            space
                .map(FIRST + page * PAGE_SIZE, frame, Access::READ)
                .expect("memory for tables");
        }
        Toucher { space, context }
    }

    fn entries(&self) -> impl Iterator<Item = EntryAt> {
        let root = PhysAddr(cr3() & !0xfff);
        (0..PAGES).map(move |page| {
            let entry = kernel::entry_in(root, FIRST + page * PAGE_SIZE).expect("it is mapped");
            // SAFETY: this program's own pages; only the accessed bit is changed.
            unsafe { EntryAt::new(entry) }
        })
    }

    /// Touches all pages; for how many the CPU had to walk the page tables: it sets an entry's accessed bit when it reads the
    /// entry, and not when it finds the translation in the TLB (SDM 3A, 5.8).
    fn walks(&mut self) -> usize {
        self.entries()
            .for_each(|entry| entry.write(entry.read() & !ACCESSED));
        assert_eq!(self.context.run(), Trap::SystemCall);
        self.entries()
            .filter(|entry| entry.read() & ACCESSED != 0)
            .count()
    }
}

fn thread() {
    let mut toucher = Toucher::new(1);
    let before = cr3();
    static SEEN: AtomicU64 = AtomicU64::new(0);
    let (count, after, walks) = {
        let partner = Partner::new(Some(&toucher.space), || SEEN.store(cr3(), Relaxed));
        let count = instructions_to(&partner);
        toucher.walks();
        partner.take_a_turn();
        (count, SEEN.load(Relaxed), toucher.walks())
    };
    seen_hex("CR3 in one thread", before);
    seen_hex("CR3 in the other", after);
    seen(
        "instructions from the call of switch_to to the other thread, single-stepped",
        count,
    );
    seen(
        format_args!("of {PAGES} pages in use before, page walks after a switch there and back"),
        walks,
    );
    assert_eq!(before, after);
    assert!(count > 10 && count < 2000, "{count} instructions");
    assert!(walks < PAGES / 2, "the translations are still there");
}

/// What the loaded space has at `FIRST`.
fn first_byte() -> u8 {
    let mut byte = [0];
    user::copy_in(FIRST, &mut byte).expect("it is mapped");
    byte[0]
}

fn process() {
    static CR3: AtomicU64 = AtomicU64::new(0);
    static BYTE: AtomicU64 = AtomicU64::new(0);
    let other = Toucher::new(2);
    let mut toucher = Toucher::new(1); // its space is the one that is loaded
    let (same, one) = (instructions_to(&Partner::new(Some(&toucher.space), || ())), cr3());
    let note = || {
        CR3.store(cr3(), Relaxed);
        BYTE.store(first_byte().into(), Relaxed);
    };
    let (count, before, walks, byte) = {
        let partner = Partner::new(Some(&other.space), note);
        let byte = first_byte();
        let count = instructions_to(&partner);
        toucher.walks();
        let before = toucher.walks();
        partner.take_a_turn();
        (count, before, toucher.walks(), byte)
    };
    let pcid = features().pcid;
    seen_hex("CR3 in one process", one);
    seen_hex("CR3 in the other", CR3.load(Relaxed));
    seen_hex("CR3 in the first again", cr3());
    seen(format_args!("the byte at {FIRST:#x} in one"), byte);
    seen(
        format_args!("the byte at {FIRST:#x} in the other"),
        BYTE.load(Relaxed),
    );
    seen("instructions to a thread of the same process", same);
    seen("instructions to a thread of another process", count);
    seen(
        format_args!("of {PAGES} pages in use, page walks without a switch"),
        before,
    );
    seen(
        format_args!("of {PAGES} pages in use, page walks after a switch there and back"),
        walks,
    );
    seen(
        "the CPU has process-context identifiers, which keep translations",
        pcid,
    );
    assert!(one != CR3.load(Relaxed) && one == cr3());
    assert_eq!((byte, BYTE.load(Relaxed)), (1, 2));
    assert!(count > same, "a load of CR3, and what decides about it");
    assert!(before < PAGES / 2);
    assert!(pcid || walks == PAGES, "all translations are gone");
}

/// What is in RBX, RBP, R12, R13, R14, R15.
type Preserved = [u64; 6];

/// Fills the registers that a call preserves with `value`, calls `action`, and stores them as they are then.
#[unsafe(naked)]
unsafe extern "sysv64" fn call_with(_action: extern "sysv64" fn(), _value: u64, _after: *mut Preserved) {
    naked_asm!(
        push_preserved_registers!(),
        "push rdx",
        "lea rbx, [rsi + 0]",
        "lea rbp, [rsi + 1]",
        "lea r12, [rsi + 2]",
        "lea r13, [rsi + 3]",
        "lea r14, [rsi + 4]",
        "lea r15, [rsi + 5]",
        "call rdi", // RSP is a multiple of 16
        "pop rdx",
        "mov [rdx], rbx",
        "mov [rdx + 8], rbp",
        "mov [rdx + 16], r12",
        "mov [rdx + 24], r13",
        "mov [rdx + 32], r14",
        "mov [rdx + 40], r15",
        pop_preserved_registers!(),
        "ret",
    )
}

static MAIN: crate::sync::SpinLock<Option<Arc<Task>>> = crate::sync::SpinLock::new(None);
static OTHER: crate::sync::SpinLock<Option<Arc<Task>>> = crate::sync::SpinLock::new(None);
/// Written by both threads.
static SHARED: AtomicU64 = AtomicU64::new(0);
static RSP: [AtomicU64; 2] = [const { AtomicU64::new(0) }; 2];
static KEPT: crate::sync::SpinLock<[Preserved; 2]> = crate::sync::SpinLock::new([[0; 6]; 2]);
/// The suspended thread's RSP, and the three words there.
static SUSPENDED: [AtomicU64; 4] = [const { AtomicU64::new(0) }; 4];

fn note_rsp(at: usize) {
    let rsp: u64;
    // SAFETY: reads a register.
    unsafe { asm!("mov {}, rsp", out(reg) rsp, options(nomem, nostack, preserves_flags)) };
    RSP[at].store(rsp, Relaxed);
    SHARED.fetch_add(1, Relaxed);
}

extern "sysv64" fn to_other() {
    let other = OTHER.lock().clone();
    task::switch_to(other.expect("it is set"));
}

extern "sysv64" fn to_main() {
    let main = MAIN.lock().clone().expect("it is set");
    let at = main.suspended_at();
    SUSPENDED[0].store(at as u64, Relaxed);
    for word in 0..3 {
        // SAFETY: a suspended thread's stack, which nobody changes while this one runs.
        let value = unsafe { (at as *const u64).add(word).read_volatile() };
        SUSPENDED[word + 1].store(value, Relaxed);
    }
    task::switch_to(main);
}

fn switch_with(at: usize, value: u64, action: extern "sysv64" fn()) {
    note_rsp(at);
    let mut after = [0; 6];
    // SAFETY: it preserves what calls preserve.
    unsafe { call_with(action, value, &mut after) };
    KEPT.lock()[at] = after;
}

fn shared_and_private() {
    const VALUES: [u64; 2] = [0x1111_0000, 0x2222_0000];
    set_up();
    SHARED.store(0, Relaxed);
    *MAIN.lock() = Some(task::current());
    let entry = || switch_with(1, VALUES[1], to_main);
    let other = Task::new("other", Box::new(()), Registers::None, entry).expect("memory for a task");
    *OTHER.lock() = Some(other.clone());
    switch_with(0, VALUES[0], to_other);
    QUEUE.0.lock().push_back(task::current());
    task::switch_to(other); // it stores its registers and ends
    (*MAIN.lock(), *OTHER.lock()) = (None, None);
    let [at, resume, rbx, rbp] = SUSPENDED.each_ref().map(|word| word.load(Relaxed));
    let rsp = RSP.each_ref().map(|word| word.load(Relaxed));
    let kept = *KEPT.lock();
    for (thread, (rsp, kept)) in rsp.iter().zip(&kept).enumerate() {
        seen_hex(format_args!("thread {thread}: RSP"), *rsp);
        seen(
            format_args!("thread {thread}: RBX RBP R12 R13 R14 R15 after the switch back"),
            format_args!("{kept:x?}"),
        );
    }
    seen(
        "additions that the two made to one variable",
        SHARED.load(Relaxed),
    );
    seen_hex("the suspended thread's saved stack pointer", at);
    Picture::new("switch", "A suspended thread, as the running one sees it")
        .point("saved RSP", at)
        .point("RSP of the other", rsp[1])
        .point("resume RIP", resume)
        .point("RBP", rbp)
        .column("the suspended thread's stack")
        .row(at + 16, rbp, "saved RBP")
        .row_of_whatever(at + 8, format_args!("saved RBX ({rbx:#x})"))
        .row(at, resume, "where it goes on")
        .column("the running thread's stack")
        .row_of_whatever(rsp[1], "in use");
    let expected = VALUES.map(|value| core::array::from_fn(|register| value + register as u64));
    assert_eq!(kept, expected, "each has its own registers");
    assert_eq!(SHARED.load(Relaxed), 2);
    assert!(rsp[0].abs_diff(rsp[1]) > 32768, "each has its own stack");
    assert!(crate::boot::is_kernel_text(resume as usize));
}
