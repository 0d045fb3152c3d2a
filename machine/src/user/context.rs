//! [`UserContext`]: the registers of a program, and the call that runs it.

use super::enter::{enter_by_iret, enter_by_sysret};
use super::leaf::LeafCalls;
use crate::cpu::gdt::{USER_CODE, USER_DATA};
use crate::cpu::local::local;
use crate::irq;
use crate::paging::USER_END;
use crate::trap::entry::NOT_FOR_SYSRET;
use crate::trap::{TrapFrame, vector};

/// RFLAGS bits that a program may have set: CF, PF, AF, ZF, SF, TF, DF, OF, NT, RF, AC, ID.
const USER_FLAGS: u64 = 0x25_4dd5;
/// Bits that are always set for it: the reserved bit 1, and IF.
const FIXED_FLAGS: u64 = 0x202;

/// What the faulting instruction tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultAccess {
    /// A store, otherwise a load or fetch.
    pub write: bool,
    /// An instruction fetch.
    pub execute: bool,
    /// The page was present: its rights forbade the access.
    pub present: bool,
}

/// Why ring 3 stopped running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trap {
    /// SYSCALL; number and arguments are in the registers.
    SystemCall,
    /// A page fault at this address.
    PageFault {
        /// CR2.
        address: usize,
        /// What was tried.
        access: FaultAccess,
    },
    /// Another exception.
    Exception {
        /// Its vector.
        vector: u8,
        /// Its error code, 0 without one.
        error_code: u64,
    },
    /// An interrupt, handled already.
    Interrupt,
}

/// The general registers of a program in ring 3.
#[derive(Clone, Debug, Default)]
pub struct UserContext {
    frame: TrapFrame,
    /// Whether somebody may have changed more than a result since ring 3 left the frame.
    changed: bool,
}

impl UserContext {
    /// A context that starts at `rip` with stack pointer `rsp`, all other registers zero.
    pub fn new(rip: usize, rsp: usize) -> Self {
        let mut context = UserContext::default();
        context.frame.cpu.rip = rip as u64;
        context.frame.cpu.rsp = rsp as u64;
        context
    }

    /// The registers.
    pub fn registers(&self) -> &TrapFrame {
        &self.frame
    }

    /// The registers, to be changed. Whatever is written, ring 3 gets nothing but ring 3: see [`UserContext::run`].
    pub fn registers_mut(&mut self) -> &mut TrapFrame {
        self.changed = true;
        &mut self.frame
    }

    /// Puts the result of a system call into RAX.
    #[inline]
    pub fn set_result(&mut self, result: u64) {
        self.frame.rax = result;
    }

    /// Runs the program in the current task's address space until it traps. Interrupts are enabled meanwhile, and
    /// when this returns; an interrupt is handled before.
    ///
    /// Selectors and flags that ring 3 may not have are replaced first. A RIP that is no user address does not run:
    /// the answer is the general protection fault that the CPU would raise.
    pub fn run(&mut self) -> Trap {
        self.run_with(&LeafCalls::NONE, &())
    }

    /// As [`run`](UserContext::run), but calls that `leaves` answers for `subject` are no reason to return.
    #[inline]
    pub fn run_with<T>(&mut self, leaves: &LeafCalls<T>, subject: &T) -> Trap {
        irq::clear();
        let cpu = local();
        cpu.leaves.set(core::ptr::from_ref(leaves).cast());
        cpu.subject.set(core::ptr::from_ref(subject).cast());
        if self.is_left_by_syscall() || self.is_for_sysret() {
            // SAFETY: invariants 1 and 2 of `user`: the frame is ours for the call, and was looked at; SYSRET brings selectors of
            // its own. Interrupts are disabled, and are again when it returns. What the two cells lead to is borrowed until
            // then (invariant 3 of `leaf`), and belongs together by its type.
            unsafe { enter_by_sysret(&raw mut self.frame) };
        } else {
            let cpu = &mut self.frame.cpu;
            if cpu.rip >= USER_END as u64 {
                irq::enable();
                return Trap::Exception {
                    vector: vector::GENERAL_PROTECTION,
                    error_code: 0,
                };
            }
            cpu.cs = u64::from(USER_CODE);
            cpu.ss = u64::from(USER_DATA);
            cpu.rflags = cpu.rflags & USER_FLAGS | FIXED_FLAGS;
            // SAFETY: as above; the frame was made harmless.
            unsafe { enter_by_iret(&raw mut self.frame) };
        }
        if self.frame.vector == vector::SYSCALL {
            irq::enable();
            return Trap::SystemCall;
        }
        core::hint::cold_path();
        let trap = self.reason();
        #[cfg(target_os = "none")]
        if trap == Trap::Interrupt {
            crate::trap::dispatch::interrupt_from_ring_3(&self.frame);
        }
        irq::enable();
        trap
    }

    /// Whether RIP and flags are where SYSCALL put them, as after nearly every call: in RCX and R11, too. Then they are ring 3's
    /// own, and RIP is at most `USER_END`, since the SYSCALL in front of it was fetched from a user page.
    #[inline]
    fn is_left_by_syscall(&self) -> bool {
        !self.changed && self.frame.vector == vector::SYSCALL && self.frame.r11 & NOT_FOR_SYSRET == 0
    }

    /// Whether SYSRET leads where the frame says, which is as good as left by SYSCALL then: it takes RIP from RCX and RFLAGS from R11, and must not see TF or RF set.
    fn is_for_sysret(&mut self) -> bool {
        self.changed = false; // what follows looks at all of it
        let (frame, cpu) = (&self.frame, &self.frame.cpu);
        frame.vector == vector::SYSCALL
            && frame.rcx == cpu.rip
            && cpu.rip < USER_END as u64
            && frame.r11 == cpu.rflags
            && cpu.rflags & !(USER_FLAGS & !NOT_FOR_SYSRET) == FIXED_FLAGS
    }

    fn reason(&self) -> Trap {
        let error_code = self.frame.error_code;
        match self.frame.vector {
            14 => Trap::PageFault {
                address: crate::cpu::control::cr2(),
                access: FaultAccess {
                    write: error_code & 2 != 0,
                    execute: error_code & 16 != 0,
                    present: error_code & 1 != 0,
                },
            },
            vector::SYSCALL => Trap::SystemCall,
            vector if vector < u64::from(vector::FIRST_INTERRUPT) => {
                #[expect(clippy::cast_possible_truncation, reason = "below 32")]
                let vector = vector as u8;
                Trap::Exception { vector, error_code }
            }
            _ => Trap::Interrupt,
        }
    }
}
