//! Catching traps in the raw: at the handler's first instruction, before any code of ours has touched the stack.
//!
//! A caught trap does not return to where it struck: the computation that raised it is given up, and [`catch`] returns
//! with what the CPU left. So the handler may use registers freely, and it does not matter how broken the stack was.
//!
//! Whether the CPU pushed an error code is told by RSP alone: the CPU begins frames at a multiple of 16 (SDM 3A, 7.14.2),
//! so after five words RSP is 8 above a multiple of 16, after six it is a multiple.

use crate::cpu::idt::{Callable, Gate, GateKind};
use crate::trap::entry::{pop_preserved_registers, push_preserved_registers};
use crate::trap::install::exchange_gate;
use crate::trap::vector;
use crate::user::UserContext;
use alloc::vec::Vec;
use core::arch::naked_asm;
use core::cell::UnsafeCell;
use core::mem::offset_of;

/// What the CPU left.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(super) struct Caught {
    pub(super) vector: u64,
    /// The address of the handler's first instruction, as that instruction saw it.
    pub(super) entry: u64,
    /// RSP at the handler's first instruction.
    pub(super) rsp: u64,
    /// RFLAGS in the handler.
    pub(super) rflags: u64,
    /// CR2 in the handler.
    pub(super) cr2: u64,
    /// RAX in the handler.
    pub(super) rax: u64,
    /// CS in the handler.
    pub(super) cs: u64,
    /// SS in the handler.
    pub(super) ss: u64,
    /// The six words from RSP upwards.
    words: [u64; 6],
}

impl Caught {
    /// How many words the CPU pushed.
    pub(super) fn pushed(&self) -> usize {
        if self.rsp.is_multiple_of(16) { 6 } else { 5 }
    }

    /// The error code, if the CPU pushed one.
    pub(super) fn error_code(&self) -> Option<u64> {
        (self.pushed() == 6).then_some(self.words[0])
    }

    /// Where the frame ends: RSP before the first word was pushed.
    pub(super) fn end(&self) -> u64 {
        self.rsp + 8 * self.pushed() as u64
    }

    /// RIP, CS, RFLAGS, RSP, SS as pushed.
    pub(super) fn frame(&self) -> crate::trap::InterruptStackFrame {
        let [rip, cs, rflags, rsp, ss] = core::array::from_fn(|at| self.words[at + self.pushed() - 5]);
        crate::trap::InterruptStackFrame {
            rip,
            cs,
            rflags,
            rsp,
            ss,
        }
    }
}

struct Slot<T>(UnsafeCell<T>);

// SAFETY: written by the handler and read by `catch` on the only CPU, one after the other.
unsafe impl<T> Sync for Slot<T> {}

static CAUGHT: Slot<Caught> = Slot(UnsafeCell::new(Caught {
    vector: 0,
    entry: 0,
    rsp: 0,
    rflags: 0,
    cr2: 0,
    rax: 0,
    cs: 0,
    ss: 0,
    words: [0; 6],
}));

/// RSP in [`run`], where [`handler`] goes on.
static RESUME: Slot<usize> = Slot(UnsafeCell::new(0));

/// The first instructions of each vector's handler.
#[unsafe(naked)]
unsafe extern "sysv64" fn handler<const VECTOR: u8>() {
    naked_asm!(
        "2:",
        "mov [rip + {caught} + {rax}], rax",
        "lea rax, [rip + 2b]",
        "mov [rip + {caught} + {entry}], rax",
        "mov qword ptr [rip + {caught} + {vector}], {number}",
        "jmp {common}",
        caught = sym CAUGHT,
        rax = const offset_of!(Caught, rax),
        entry = const offset_of!(Caught, entry),
        vector = const offset_of!(Caught, vector),
        number = const VECTOR as i32,
        common = sym common,
    )
}

/// Notes what is there, and returns 1 from [`run`].
#[unsafe(naked)]
unsafe extern "sysv64" fn common() {
    naked_asm!(
        "mov [rip + {caught} + {rsp}], rsp",
        "pushfq",
        "pop rax",
        "mov [rip + {caught} + {rflags}], rax",
        "mov rax, cr2",
        "mov [rip + {caught} + {cr2}], rax",
        "mov eax, cs",
        "mov [rip + {caught} + {cs}], rax",
        "mov eax, ss",
        "mov [rip + {caught} + {ss}], rax",
        "mov rax, [rsp]",
        "mov [rip + {caught} + {words}], rax",
        "mov rax, [rsp + 8]",
        "mov [rip + {caught} + {words} + 8], rax",
        "mov rax, [rsp + 16]",
        "mov [rip + {caught} + {words} + 16], rax",
        "mov rax, [rsp + 24]",
        "mov [rip + {caught} + {words} + 24], rax",
        "mov rax, [rsp + 32]",
        "mov [rip + {caught} + {words} + 32], rax",
        "mov rax, [rsp + 40]",
        "mov [rip + {caught} + {words} + 40], rax",
        "lea rax, [rsp + 16]", // CS is the first or second word, whichever lies at a multiple of 16
        "and rax, -16",
        "test byte ptr [rax], 3",
        "jz 3f",
        "swapgs",
        "3:",
        "mov rsp, [rip + {resume}]",
        "mov eax, 1",
        "jmp {leave}",
        caught = sym CAUGHT,
        rsp = const offset_of!(Caught, rsp),
        rflags = const offset_of!(Caught, rflags),
        cr2 = const offset_of!(Caught, cr2),
        cs = const offset_of!(Caught, cs),
        ss = const offset_of!(Caught, ss),
        words = const offset_of!(Caught, words),
        resume = sym RESUME,
        leave = sym leave_run,
    )
}

/// Calls `action(first, second)`. Returns 0 if that returns, 1 if a trap was caught in it.
#[unsafe(naked)]
unsafe extern "sysv64" fn run(action: Action, first: u64, second: u64) -> u64 {
    naked_asm!(
        push_preserved_registers!(),
        "pushfq",
        "mov [rip + {resume}], rsp",
        "mov rax, rdi",
        "mov rdi, rsi",
        "mov rsi, rdx",
        "call rax", // RSP is a multiple of 16
        "xor eax, eax",
        "jmp {leave}",
        resume = sym RESUME,
        leave = sym leave_run,
    )
}

/// The end of [`run`], by IRETQ: it also ends the blocking of NMIs, if one was caught (SDM 3A, 7.7.1).
#[unsafe(naked)]
unsafe extern "sysv64" fn leave_run() {
    naked_asm!(
        "mov rcx, rsp", // at the saved flags
        "mov edx, ss",
        "push rdx",
        "push rcx",
        "push qword ptr [rcx]",
        "mov edx, cs",
        "push rdx",
        "lea rdx, [rip + 2f]",
        "push rdx",
        "iretq",
        "2:",
        "add rsp, 8",
        pop_preserved_registers!(),
        "ret",
    )
}

/// The stack segment of ring 0 now: the kernel's data segment, or null after a trap from ring 3 (SDM 3A, 7.14.4).
pub(super) fn stack_segment() -> u64 {
    let selector: u64;
    // SAFETY: reads a register.
    unsafe { core::arch::asm!("mov {:e}, ss", out(reg) selector, options(nomem, nostack, preserves_flags)) }
    selector
}

/// What raises a trap. It may break its stack; it leaves callee-saved registers alone if it returns.
pub(super) type Action = unsafe extern "sysv64" fn(u64, u64);

/// What runs in ring 3; copied there, so it refers to nothing around it.
pub(super) type Code = unsafe extern "sysv64" fn();

/// A vector to be caught.
#[derive(Clone, Copy)]
pub(super) struct Net {
    pub(super) vector: u8,
    gate: Gate,
}

macro_rules! handlers {
    ($number:expr; $($vector:literal)*) => {
        match $number {
            $($vector => handler::<$vector> as *const () as usize,)*
            number => panic!("vector {number} has no handler here"),
        }
    };
}

impl Net {
    /// Catches `vector` by an interrupt gate, on the stack that the gate's IST index names.
    pub(super) fn on(vector: u8, ist: u8) -> Net {
        Net::of_kind(vector, ist, GateKind::Interrupt)
    }

    /// Catches `vector` by a gate of this kind. Ring 3 may raise it.
    pub(super) fn of_kind(vector: u8, ist: u8, kind: GateKind) -> Net {
        let address = handlers!(vector;
            0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 29 30 0x40 0x75 0x76 0x77);
        Net {
            vector,
            gate: Gate::new(address, ist, Callable::FromRing3, kind),
        }
    }

    /// Leads the vector to a handler of the caller's.
    pub(super) fn to(vector: u8, address: usize) -> Net {
        Net::to_on(vector, address, 0)
    }

    /// Leads the vector to a handler of the caller's, on the stack that this IST index names.
    pub(super) fn to_on(vector: u8, address: usize, ist: u8) -> Net {
        let gate = Gate::new(address, ist, Callable::FromRing3, GateKind::Interrupt);
        Net { vector, gate }
    }

    /// Lets the vector's gate not be present.
    pub(super) fn absent(vector: u8) -> Net {
        let gate = Net::on(vector, 0).gate.absent();
        Net { vector, gate }
    }
}

/// Runs `action(first, second)` with these gates; the trap that was caught, or none if it returned.
///
/// # Safety
/// 1. Whatever `action` raises is caught or returns; nothing that it holds when a trap is caught is missed after.
pub(super) unsafe fn catch(nets: &[Net], action: Action, first: u64, second: u64) -> Option<Caught> {
    // SAFETY: the handlers take any stack that the CPU leaves; the gates are put back below.
    let exchange = |net: &Net| unsafe {
        Net {
            vector: net.vector,
            gate: exchange_gate(net.vector, net.gate),
        }
    };
    let before: Vec<Net> = nets.iter().map(exchange).collect();
    // SAFETY: (1).
    let caught = unsafe { run(action, first, second) } == 1;
    for net in before.iter().rev() {
        exchange(net);
    }
    // SAFETY: see `Slot`.
    caught.then(|| unsafe { *CAUGHT.0.get() })
}

/// Runs `action`, which raises `vector`, and catches that.
///
/// # Safety
/// 1. As [`catch`].
///
/// # Panics
/// When nothing was raised.
pub(super) unsafe fn catch_one(number: u8, action: Action, first: u64, second: u64) -> Caught {
    // A trap that finds no stack becomes a double fault, which is caught on its own one.
    // SAFETY: (1).
    let caught = unsafe { catch(&[Net::on(number, 0)], action, first, second) };
    caught.unwrap_or_else(|| panic!("{} was not raised", vector::name(number)))
}

/// Runs a program until `vector` is raised, and catches that.
///
/// # Panics
/// When something else was raised.
pub(super) fn catch_in_ring_3(number: u8, ist: u8, context: &mut UserContext) -> Caught {
    extern "sysv64" fn run(context: u64, _second: u64) {
        // SAFETY: the reference below, which nobody uses meanwhile.
        let trap = unsafe { (*(context as *mut UserContext)).run() };
        panic!("ring 3 was left by {trap:?}");
    }
    // SAFETY: the trap is caught; what `run` holds then are its own registers and the interrupt flag, which `catch` restores.
    let caught = unsafe {
        catch(
            &[Net::on(number, ist)],
            run,
            core::ptr::from_mut(context) as u64,
            0,
        )
    };
    caught.expect("the program does not return")
}
