//! Segments and the task state segment (SDM 3A, 3.4 and 8.7).
//!
//! In 64-bit mode segments no longer bound memory: the GDT only names the privilege of code and stack, and holds the
//! descriptor of the TSS. The order of the entries is fixed by SYSCALL and SYSRET, which compute selectors from
//! IA32_STAR: kernel code, then kernel data; user data, then user code (SDM 2B, SYSRET).

use super::local::CpuLocal;
use core::arch::asm;

/// Selectors: index in the table times 8, plus the privilege level asked for.
pub(crate) const KERNEL_CODE: u16 = 0x08;
pub(crate) const KERNEL_DATA: u16 = 0x10;
pub(crate) const USER_DATA: u16 = 0x18 | 3;
pub(crate) const USER_CODE: u16 = 0x20 | 3;
const TSS_SELECTOR: u16 = 0x28;

/// STAR: SYSCALL takes CS from bits 47:32 and SS 8 above; SYSRET takes SS 8 above and CS 16 above bits 63:48.
pub(crate) const STAR: u64 = (KERNEL_CODE as u64) << 32 | (KERNEL_DATA as u64 | 3) << 48;

/// Present, code or data, granular; L (64-bit) for code, DPL in bits 45–46. Accessed is preset, so that the CPU
/// never writes to the table.
const KERNEL_CODE_DESCRIPTOR: u64 = 0x00af_9b00_0000_ffff;
const KERNEL_DATA_DESCRIPTOR: u64 = 0x00cf_9300_0000_ffff;
const USER_DATA_DESCRIPTOR: u64 = 0x00cf_f300_0000_ffff;
const USER_CODE_DESCRIPTOR: u64 = 0x00af_fb00_0000_ffff;

/// The descriptor table of one CPU; the last descriptor, of the TSS, takes two slots.
#[repr(C, align(16))]
pub(crate) struct GlobalDescriptorTable([u64; 7]);

impl GlobalDescriptorTable {
    pub(crate) const fn new() -> Self {
        GlobalDescriptorTable([
            0,
            KERNEL_CODE_DESCRIPTOR,
            KERNEL_DATA_DESCRIPTOR,
            USER_DATA_DESCRIPTOR,
            USER_CODE_DESCRIPTOR,
            0,
            0,
        ])
    }
}

/// The task state segment: in 64-bit mode it holds no registers but the stacks to switch to (SDM 3A, 8.7).
#[repr(C, packed(4))]
pub(crate) struct TaskStateSegment {
    reserved0: u32,
    /// The stack pointer taken on a trap from ring 3 to ring 0; RSP1 and RSP2 are not used.
    pub(crate) rsp0: u64,
    rsp1_2: [u64; 2],
    reserved1: u64,
    /// IST1 to IST7. An IDT entry names one by 1..=7, so index 0 here is IST1; 0 in the IDT entry means "none".
    pub(crate) ist: [u64; 7],
    reserved2: u64,
    reserved3: u16,
    io_map_base: u16,
}

const _: () = assert!(size_of::<TaskStateSegment>() == 104);

impl TaskStateSegment {
    pub(crate) const fn new() -> Self {
        TaskStateSegment {
            reserved0: 0,
            rsp0: 0,
            rsp1_2: [0; 2],
            reserved1: 0,
            ist: [0; 7],
            reserved2: 0,
            reserved3: 0,
            io_map_base: 104, // at the limit: no port is allowed in ring 3
        }
    }
}

/// Loads this CPU's GDT and task register, and reloads all segment registers.
///
/// # Safety
/// 1. `local` lives for ever and does not move; called once for it, with interrupts disabled.
pub(crate) unsafe fn load(local: *mut CpuLocal) {
    #[repr(C, packed)]
    struct Pointer {
        limit: u16,
        base: u64,
    }
    // SAFETY: (1) makes the references valid; nobody else uses them yet. The descriptors are those that the
    // running code and stack already have by meaning, so reloading changes nothing but the selectors.
    unsafe {
        let tss = (&raw const (*local).tss) as u64;
        let limit = size_of::<TaskStateSegment>() as u64 - 1;
        let gdt = &raw mut (*local).gdt;
        // An available 64-bit TSS (type 9), present: base and limit are scattered (SDM 3A, figure 8-4).
        (*gdt).0[5] = limit | (tss & 0xff_ffff) << 16 | 0x89 << 40 | (tss >> 24 & 0xff) << 56;
        (*gdt).0[6] = tss >> 32;
        let pointer = Pointer {
            limit: 7 * 8 - 1,
            base: gdt as u64,
        };
        asm!(
            "lgdt [{pointer}]",
            "push {code}",             // CS is reloaded by a far return
            "lea {scratch}, [rip + 2f]",
            "push {scratch}",
            "retfq",
            "2:",
            "mov ss, {data:e}",
            "xor {scratch:e}, {scratch:e}",
            "mov ds, {scratch:e}",     // unused in 64-bit mode; null so that ring 3 sees nothing
            "mov es, {scratch:e}",
            "mov fs, {scratch:e}",     // clears FS base: set later, per thread
            "ltr {tss:x}",
            pointer = in(reg) &raw const pointer,
            code = const KERNEL_CODE as i32,
            data = in(reg) u32::from(KERNEL_DATA),
            tss = in(reg) TSS_SELECTOR,
            scratch = out(reg) _,
        );
    }
}
