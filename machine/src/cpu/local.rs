//! What belongs to one CPU, found through GS.
//!
//! Rules:
//! 1. Only the CPU itself touches its block, so the fields are `Cell`s; code that reads a field and acts on it does
//!    so with interrupts disabled, or tolerates having been moved to another CPU in between.
//! 2. The fields in the first group have fixed offsets that assembly uses (always by `offset_of!`).

use super::gdt::{GlobalDescriptorTable, TaskStateSegment};
use crate::task::Task;
use core::cell::Cell;
use core::ptr;

/// The per-CPU block.
#[repr(C)]
pub(crate) struct CpuLocal {
    // Used by assembly.
    /// This block's own address: `gs:[0]` turns GS into a pointer.
    pub(crate) this: *const CpuLocal,
    /// RSP of the kernel inside `enter_by_iret` and `enter_by_sysret`, to be restored on the next trap from ring 3.
    pub(crate) kernel_stack: Cell<usize>,
    /// The end of the running thread's user trap frame; equal to `tss.rsp0`. SYSCALL switches to it by hand.
    pub(crate) user_frame_end: Cell<usize>,
    /// The user's RSP while SYSCALL's entry has no stack yet.
    pub(crate) scratch: Cell<usize>,
    /// The [`LeafCalls`](crate::user::LeafCalls) of the `run` that is active.
    pub(crate) leaves: Cell<*const ()>,
    /// What they are given.
    pub(crate) subject: Cell<*const ()>,
    /// Whether one of them is running: tasks must not switch.
    pub(crate) in_leaf: Cell<bool>,
    /// The task state segment; RSP0 in it is rewritten at each entry to ring 3.
    pub(crate) tss: TaskStateSegment,

    pub(crate) gdt: GlobalDescriptorTable,
    /// The number of this CPU, from 0.
    pub(crate) id: u32,
    /// How many reasons there are not to switch tasks now.
    pub(crate) preemption_disabled: Cell<u32>,
    /// How many interrupt handlers are running, one inside the other.
    pub(crate) interrupt_depth: Cell<u32>,
    /// Whether the innermost interrupt being handled struck ring 3.
    pub(crate) struck_ring_3: Cell<bool>,
    /// Set when another task should run soon.
    pub(crate) reschedule: Cell<bool>,
    /// The running task; null before the first.
    pub(crate) current: Cell<*const Task>,
    /// The task that ran before the last switch, until it is published.
    pub(crate) previous: Cell<*const Task>,
    /// Set once a report is being written: a second death while reporting gives up at once.
    pub(crate) dying: Cell<u32>,
}

impl CpuLocal {
    pub(crate) const fn new(id: u32) -> Self {
        CpuLocal {
            this: ptr::null(),
            kernel_stack: Cell::new(0),
            user_frame_end: Cell::new(0),
            scratch: Cell::new(0),
            leaves: Cell::new(ptr::null()),
            subject: Cell::new(ptr::null()),
            in_leaf: Cell::new(false),
            tss: TaskStateSegment::new(),
            gdt: GlobalDescriptorTable::new(),
            id,
            preemption_disabled: Cell::new(0),
            interrupt_depth: Cell::new(0),
            struck_ring_3: Cell::new(false),
            reschedule: Cell::new(false),
            current: Cell::new(ptr::null()),
            previous: Cell::new(ptr::null()),
            dying: Cell::new(0),
        }
    }
}

/// The first CPU's block; others are allocated when they are started.
static mut BOOT_CPU: CpuLocal = CpuLocal::new(0);

/// Makes `BOOT_CPU` the block of the running CPU and loads its descriptor tables.
///
/// # Safety
/// 1. Called once, on the boot CPU, in ring 0, before anything calls [`local`].
#[cfg(target_os = "none")]
pub(crate) unsafe fn install_boot_cpu() {
    use super::{gdt, msr};
    let block = &raw mut BOOT_CPU;
    // SAFETY: (1): nobody else refers to the static yet, and from now on only this CPU does (rule 1). Reloading
    // segments clears GS base, so it is set after that.
    unsafe {
        (*block).this = block;
        gdt::load(block);
        msr::write(msr::GS_BASE, block as u64);
        msr::write(msr::KERNEL_GS_BASE, 0);
    }
}

/// The running CPU's block.
///
/// The reference must not be kept across a point where the task may move to another CPU (rule 1).
#[cfg(target_os = "none")]
pub(crate) fn local<'a>() -> &'a CpuLocal {
    // SAFETY: invariant 1 of `cpu`: GS base points at this CPU's block, whose first word is its address.
    unsafe {
        let this: *const CpuLocal;
        core::arch::asm!("mov {}, gs:[0]", out(reg) this, options(nostack, preserves_flags, readonly));
        &*this
    }
}

/// On the host there is one pretended CPU per thread.
#[cfg(not(target_os = "none"))]
pub(crate) fn local<'a>() -> &'a CpuLocal {
    std::thread_local!(static LOCAL: &'static CpuLocal = std::boxed::Box::leak(std::boxed::Box::new(CpuLocal::new(0))));
    LOCAL.with(|local| *local)
}

/// The address of the boot CPU's block, for the entry code of IST stacks.
#[cfg(target_os = "none")]
pub(crate) fn boot_cpu() -> *mut CpuLocal {
    &raw mut BOOT_CPU
}
