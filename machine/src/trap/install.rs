//! Filling the IDT, and the IST stacks.

use super::entry::syscall_entry;
use super::handler::InterruptHandler;
use super::stubs::STUBS;
use super::vector;
use crate::cpu::idt::{self, Callable, Gate, GateKind, InterruptDescriptorTable};
use crate::cpu::local::CpuLocal;
use crate::cpu::{gdt, msr};
use crate::memory::OutOfMemory;
use crate::memory::stack::KernelStack;
use crate::sync::SpinLock;
use core::mem::ManuallyDrop;
use threadbare_context::Stack;

/// IST numbers as an IDT entry counts them, from 1.
const DOUBLE_FAULT_IST: u8 = 1;
const NMI_IST: u8 = 2;
const MACHINE_CHECK_IST: u8 = 3;

static IDT: SpinLock<InterruptDescriptorTable> =
    SpinLock::new(InterruptDescriptorTable([Gate::MISSING; 256]));

/// Which vectors have been handed out by [`install`].
static INSTALLED: SpinLock<[bool; 256]> = SpinLock::new([false; 256]);

/// Why a handler was not installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstallError {
    /// The handler takes an error code that this vector does not push, or does not take the one that it pushes.
    ErrorCodeMismatch,
    /// The vector is the kernel's own.
    Reserved,
    /// Another handler has been installed.
    Taken,
}

/// Installs a handler made by [`interrupt_handler!`](crate::interrupt_handler) for an interrupt vector that the kernel does
/// not use itself.
///
/// # Errors
/// See [`InstallError`].
pub fn install(vector: u8, handler: InterruptHandler) -> Result<(), InstallError> {
    if handler.takes_error_code() != vector::has_error_code(vector) {
        return Err(InstallError::ErrorCodeMismatch);
    }
    let own = matches!(
        vector,
        vector::TIMER | vector::FIRST_DEVICE..0x68 | vector::SPURIOUS
    );
    if vector < vector::FIRST_INTERRUPT || own {
        return Err(InstallError::Reserved);
    }
    let mut installed = INSTALLED.lock();
    if core::mem::replace(&mut installed[usize::from(vector)], true) {
        return Err(InstallError::Taken);
    }
    IDT.lock().0[usize::from(vector)] =
        Gate::new(handler.address(), 0, Callable::FromRing0, GateKind::Interrupt);
    Ok(())
}

/// Sets up the IDT and the IST stacks of the boot CPU, and SYSCALL.
///
/// # Safety
/// 1. Called once at boot, after the frame allocator and the CPU's block, with interrupts disabled.
pub(crate) unsafe fn initialise(cpu: *mut CpuLocal) -> Result<(), OutOfMemory> {
    let mut table = IDT.lock();
    for (number, gate) in table.0.iter_mut().enumerate() {
        #[expect(clippy::cast_possible_truncation, reason = "256 gates")]
        let vector = number as u8;
        let ist = match vector {
            vector::DOUBLE_FAULT => DOUBLE_FAULT_IST,
            vector::NMI => NMI_IST,
            vector::MACHINE_CHECK => MACHINE_CHECK_IST,
            _ => 0,
        };
        // INT3 and INTO are ring 3's to raise; INT n with any other vector is a general protection fault there.
        let callable = match vector {
            vector::BREAKPOINT | vector::OVERFLOW => Callable::FromRing3,
            _ => Callable::FromRing0,
        };
        *gate = Gate::new(
            STUBS[number / 16][number % 16] as usize,
            ist,
            callable,
            GateKind::Interrupt,
        );
    }
    for ist in [DOUBLE_FAULT_IST, NMI_IST, MACHINE_CHECK_IST] {
        let stack = ManuallyDrop::new(KernelStack::new()?); // for ever this CPU's
        let top = stack.base() - 16;
        // SAFETY: (1): the block is ours. The stack is new; the CPU's first push goes below `top`, so the two words
        // above it are free: the second holds the CPU's block for `ist_entry`.
        unsafe {
            (*(top as *mut [usize; 2]))[1] = cpu as usize;
            let tss = &raw mut (*cpu).tss;
            let mut stacks = (*tss).ist;
            stacks[usize::from(ist) - 1] = top as u64;
            (*tss).ist = stacks;
        }
    }
    // SAFETY: (1). The table is a static whose gates lead to stubs of the right shape. STAR and the entry point belong
    // together; SFMASK makes SYSCALL clear IF, TF, DF, IOPL, NT, AC.
    unsafe {
        idt::load(&raw const *table);
        msr::write(msr::EFER, msr::read(msr::EFER) | msr::EFER_SYSCALL);
        msr::write(msr::STAR, gdt::STAR);
        msr::write(msr::LSTAR, syscall_entry as *const () as u64);
        msr::write(msr::SFMASK, 0x4_7700);
    }
    Ok(())
}

/// The address of a vector's stub.
#[cfg(feature = "vm-tests")]
pub(crate) fn stub_address(vector: u8) -> usize {
    let number = usize::from(vector);
    STUBS[number / 16][number % 16] as usize
}

/// Changes one gate, for the tests that show what another would do. Ring 3 may raise it too.
///
/// # Safety
/// 1. The caller knows what the CPU will do with it.
#[cfg(feature = "vm-tests")]
pub(crate) unsafe fn change_gate(vector: u8, ist: u8, kind: GateKind) {
    IDT.lock().0[usize::from(vector)] = Gate::new(stub_address(vector), ist, Callable::FromRing3, kind);
}

/// Puts `gate` in the place of a vector's gate and returns that one.
///
/// # Safety
/// 1. The caller knows what the CPU will do with it.
#[cfg(feature = "vm-tests")]
pub(crate) unsafe fn exchange_gate(vector: u8, gate: Gate) -> Gate {
    core::mem::replace(&mut IDT.lock().0[usize::from(vector)], gate)
}
