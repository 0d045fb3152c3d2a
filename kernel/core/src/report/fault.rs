//! Exceptions of ring 3 become signals (`signal(7)`; Linux' arch/x86/kernel/traps.c for the codes).

use super::crash;
use crate::mm::{FaultError, Touch};
use crate::process::{ExitStatus, Thread, make_room};
use crate::signal::{self, Details, Signal, SignalInfo, code};
use core::sync::atomic::Ordering;
use threadbare_machine::trap::vector;
use threadbare_machine::user::{FaultAccess, UserContext};

/// Serves a page fault: brings the page in, or raises the signal.
#[inline(always)]
pub fn page_fault(thread: &Thread, context: &mut UserContext, address: usize, access: FaultAccess) {
    let touch = match access {
        FaultAccess { execute: true, .. } => Touch::Execute,
        FaultAccess { write: true, .. } => Touch::Write,
        _ => Touch::Read,
    };
    thread.faults.fetch_add(1, Ordering::Relaxed);
    let brought_in = thread.process.memory().lock().fault(address, touch); // and the lock is free again
    if let Err(error) = brought_in {
        no_page(thread, context, address, error);
    }
}

/// What becomes of a program that touched what it may not, or what there is no memory for.
fn no_page(thread: &Thread, context: &mut UserContext, address: usize, error: FaultError) {
    let (signal, code) = match error {
        FaultError::Unmapped => (Signal::SIGSEGV, code::SEGV_MAPERR),
        FaultError::Forbidden => (Signal::SIGSEGV, code::SEGV_ACCERR),
        FaultError::BeyondFile => (Signal::SIGBUS, code::BUS_ADRERR),
        FaultError::OutOfMemory => {
            return make_room(thread); // the program touches it again
        }
    };
    raise(
        thread,
        context,
        SignalInfo {
            signal,
            code,
            details: Details::Address(address as u64),
        },
        Some(error),
    );
}

/// Raises the signal of an exception. A program that steps itself goes on stepping when its handler returns: TF stays in the
/// frame, as on Linux.
pub fn exception(thread: &Thread, context: &mut UserContext, number: u8) {
    let rip = context.registers().cpu.rip;
    let (signal, code, address) = match number {
        vector::DIVIDE_ERROR => (Signal::SIGFPE, code::FPE_INTDIV, rip),
        vector::DEBUG => (Signal::SIGTRAP, code::TRAP_TRACE, rip),
        vector::BREAKPOINT => (Signal::SIGTRAP, code::SI_KERNEL, 0),
        vector::OVERFLOW | vector::BOUND_RANGE => (Signal::SIGSEGV, code::SI_KERNEL, 0),
        vector::INVALID_OPCODE => (Signal::SIGILL, code::ILL_ILLOPN, rip),
        vector::X87_ERROR | vector::SIMD_ERROR => (Signal::SIGFPE, code::FPE_FLTINV, rip),
        vector::STACK_FAULT | vector::SEGMENT_NOT_PRESENT => (Signal::SIGBUS, code::SI_KERNEL, 0),
        vector::ALIGNMENT_CHECK => (Signal::SIGBUS, code::BUS_ADRALN, 0),
        _ => (Signal::SIGSEGV, code::SI_KERNEL, 0),
    };
    raise(
        thread,
        context,
        SignalInfo {
            signal,
            code,
            details: Details::Address(address),
        },
        None,
    );
}

/// Answers an `rt_sigreturn` whose frame makes no sense.
pub fn bad_frame(thread: &Thread, context: &mut UserContext) {
    raise(thread, context, SignalInfo::from_kernel(Signal::SIGSEGV), None);
}

/// Enters the program's handler, or tells what happened and ends the process.
fn raise(thread: &Thread, context: &mut UserContext, info: SignalInfo, error: Option<FaultError>) {
    if !signal::force(thread, context, &info) {
        crash::describe(thread, context, &info, error);
        thread.process.end(ExitStatus::Signaled(info.signal.number()));
    }
}
