//! The descriptor table and the TSS, as the CPU was told of them, and changed for a while.

use crate::cpu::local::local;
use crate::irq::{self, Disabled};
use core::arch::asm;

/// The selector of the TSS.
const TSS: u16 = 0x28;

/// What LGDT loaded.
#[derive(Clone, Copy)]
#[repr(C, packed)]
struct Pointer {
    limit: u16,
    base: u64,
}

fn gdtr() -> Pointer {
    let mut pointer = Pointer { limit: 0, base: 0 };
    // SAFETY: stores ten bytes there.
    unsafe { asm!("sgdt [{}]", in(reg) &raw mut pointer, options(nostack, preserves_flags)) };
    pointer
}

/// The descriptor of the TSS, two words.
fn tss_descriptor() -> *mut [u64; 2] {
    (gdtr().base + u64::from(TSS)) as *mut [u64; 2]
}

/// The task register's selector.
pub(super) fn task_register() -> u64 {
    let selector: u64;
    // SAFETY: reads a register.
    unsafe { asm!("str {:e}", out(reg) selector, options(nomem, nostack, preserves_flags)) }
    selector
}

/// Where the TSS lies and its limit, put together from the descriptor (SDM 3A, figure 8-4).
pub(super) fn tss() -> (u64, u64) {
    // SAFETY: the running table's descriptor, which is only read.
    let [low, high] = unsafe { tss_descriptor().read_volatile() };
    let base = low >> 16 & 0xff_ffff | low >> 56 << 24 | high << 32;
    (base, low & 0xffff | low >> 32 & 0xf_0000)
}

/// Runs `action` while the TSS ends in front of IST1.
pub(super) fn with_short_tss<R>(action: impl FnOnce() -> R) -> R {
    const LIMIT: u64 = 0xffff;
    const BUSY: u64 = 2 << 40; // LTR wants it clear and sets it
    let load = |limit| {
        let descriptor = tss_descriptor();
        // SAFETY: the descriptor of the TSS that is loaded, with another limit, is loaded again; this CPU's own table.
        unsafe {
            let [low, high] = descriptor.read_volatile();
            descriptor.write_volatile([low & !(LIMIT | BUSY) | limit, high]);
            asm!("ltr {:x}", in(reg) TSS, options(nostack, preserves_flags));
        }
    };
    let interrupts = irq::disable();
    let before = tss().1;
    load(0x20);
    let result = action();
    load(before);
    drop(interrupts);
    result
}

/// A descriptor table with one more segment, loaded while this lives.
pub(super) struct TemporaryGdt {
    before: Pointer,
    _interrupts: Disabled,
}

const ENTRIES: usize = 7;

static mut WITH_ABSENT: [u64; ENTRIES + 1] = [0; ENTRIES + 1];

impl TemporaryGdt {
    pub(super) fn load() -> TemporaryGdt {
        const DATA_NOT_PRESENT: u64 = 0x00cf_1300_0000_ffff;
        let before = gdtr();
        let interrupts = irq::disable();
        // SAFETY: the first entries are those of the table that was loaded; the only CPU uses the static from here on.
        unsafe {
            let table = &raw mut WITH_ABSENT;
            let first = (before.base as *const [u64; ENTRIES]).read_volatile();
            let mut entries = [DATA_NOT_PRESENT; ENTRIES + 1];
            entries[..ENTRIES].copy_from_slice(&first);
            table.write_volatile(entries);
            let pointer = Pointer {
                limit: size_of_val(&*table) as u16 - 1,
                base: table as u64,
            };
            asm!("lgdt [{}]", in(reg) &raw const pointer, options(nostack, preserves_flags));
        }
        TemporaryGdt {
            before,
            _interrupts: interrupts,
        }
    }

    /// The selector of a data segment that is not present.
    pub(super) fn absent_segment(&self) -> u64 {
        8 * ENTRIES as u64
    }
}

impl Drop for TemporaryGdt {
    fn drop(&mut self) {
        // SAFETY: the kernel's own table.
        unsafe { asm!("lgdt [{}]", in(reg) &raw const self.before, options(nostack, preserves_flags)) }
    }
}

/// CR0.AM, set while this lives.
pub(super) struct AlignmentMask(());

impl AlignmentMask {
    pub(super) fn set() -> AlignmentMask {
        change_cr0(|cr0| cr0 | 1 << 18);
        AlignmentMask(())
    }
}

impl Drop for AlignmentMask {
    fn drop(&mut self) {
        change_cr0(|cr0| cr0 & !(1 << 18));
    }
}

fn change_cr0(change: impl FnOnce(u64) -> u64) {
    let cr0: u64;
    // SAFETY: alignment checks concern ring 3 alone.
    unsafe {
        asm!("mov {}, cr0", out(reg) cr0, options(nomem, nostack, preserves_flags));
        asm!("mov cr0, {}", in(reg) change(cr0), options(nostack, preserves_flags));
    }
}

/// Changes IST `number` (1..=7) of this CPU's TSS; returns what it was.
///
/// # Safety
/// 1. No vector that uses it is raised unless `top` is the end of unused memory.
pub(super) unsafe fn exchange_ist(number: u8, top: u64) -> u64 {
    let tss = &raw const local().tss;
    let entry = (tss as u64 + 0x24 + 8 * (u64::from(number) - 1)) as *mut u64;
    // SAFETY: the word of the TSS at that offset (SDM 3A, figure 8-11), which only this CPU reads; (1).
    unsafe {
        let before = entry.read_unaligned();
        entry.write_unaligned(top);
        before
    }
}
