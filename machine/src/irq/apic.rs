//! The local APIC and the IO-APIC, through their registers in memory (xAPIC mode: every emulator has it).

use crate::cpu::{msr, port};
use crate::memory::{OutOfMemory, PhysAddr};
use crate::paging::kernel::map_device;
use crate::sync::Once;
use crate::trap::vector;

/// Registers of the local APIC (SDM 3A, table 12-1).
const SPURIOUS: usize = 0xf0;
const TASK_PRIORITY: usize = 0x80;
const END_OF_INTERRUPT: usize = 0xb0;
const TIMER: usize = 0x320;
const LINT0: usize = 0x350;
const LINT1: usize = 0x360;
const INITIAL_COUNT: usize = 0x380;
const CURRENT_COUNT: usize = 0x390;
const DIVIDE: usize = 0x3e0;

const MASKED: u32 = 1 << 16;
const ENABLED: u32 = 1 << 8;
const DIVIDE_BY_1: u32 = 0b1011;

const IO_APIC: PhysAddr = PhysAddr(0xfec0_0000);
const IO_APIC_INPUTS: u32 = 24;

static LOCAL: Once<usize> = Once::new();
static IO: Once<usize> = Once::new();

fn read(register: usize) -> u32 {
    let base = LOCAL.get().expect("the local APIC is mapped");
    // SAFETY: a register of the local APIC; reading those used here has no side effect.
    unsafe { ((base + register) as *const u32).read_volatile() }
}

fn write(register: usize, value: u32) {
    let base = LOCAL.get().expect("the local APIC is mapped");
    // SAFETY: a register of the local APIC; callers keep invariants 1 and 2 of `irq`.
    unsafe { ((base + register) as *mut u32).write_volatile(value) }
}

/// Finds and enables the controllers, all sources masked, the timer counting down from its maximum.
///
/// # Safety
/// 1. Called once at boot, interrupts disabled, the IDT loaded.
pub(crate) unsafe fn initialise() -> Result<(), OutOfMemory> {
    // SAFETY: (1): the ports are the PICs' (8259A: ICW1–4, then all masked); the addresses are the APICs' registers.
    unsafe {
        for (command, offset, cascade) in [(0x20, 0x20, 4), (0xa0, 0x28, 2)] {
            port::write_u8(command, 0x11);
            port::write_u8(command + 1, offset); // out of the way of the exceptions, should one be raised after all
            port::write_u8(command + 1, cascade);
            port::write_u8(command + 1, 1);
            port::write_u8(command + 1, 0xff);
        }
        let local = PhysAddr(msr::read(msr::APIC_BASE)).page_down();
        let local = map_device(PhysAddr(local.0 & 0xf_ffff_f000), 4096)?;
        LOCAL.get_or_init(|| local);
        let io = map_device(IO_APIC, 4096)?;
        IO.get_or_init(|| io);
    }
    write(TASK_PRIORITY, 0);
    write(LINT0, MASKED);
    write(LINT1, MASKED);
    write(DIVIDE, DIVIDE_BY_1);
    write(TIMER, MASKED | u32::from(vector::TIMER));
    write(SPURIOUS, ENABLED | u32::from(vector::SPURIOUS));
    write(INITIAL_COUNT, u32::MAX);
    Ok(())
}

/// Tells the local APIC that the interrupt has been handled.
pub(crate) fn end_of_interrupt() {
    write(END_OF_INTERRUPT, 0);
}

/// The timer's count, in ticks of the APIC's clock, downwards.
pub(crate) fn timer_count() -> u32 {
    read(CURRENT_COUNT)
}

/// Lets the timer interrupt once after `ticks` (0 stops it).
pub(crate) fn start_timer(ticks: u32) {
    write(TIMER, u32::from(vector::TIMER)); // one-shot, unmasked
    write(INITIAL_COUNT, ticks);
}

/// The register in which the local APIC notes `vector` as requested and not yet taken, and its bit there.
#[cfg(feature = "vm-tests")]
pub(crate) fn request(vector: u8) -> (*const u32, u32) {
    const INTERRUPT_REQUEST: usize = 0x200;
    let base = LOCAL.get().expect("the local APIC is mapped");
    let register = base + INTERRUPT_REQUEST + usize::from(vector / 32) * 0x10;
    (register as *const u32, 1 << (vector % 32))
}

/// Sends this CPU a non-maskable interrupt (SDM 3A, 12.6.1: physical destination 0, delivery mode NMI).
#[cfg(feature = "vm-tests")]
pub(crate) fn send_nmi() {
    write(0x310, 0);
    write(0x300, 0x4400);
}

/// Routes an input of the IO-APIC to its vector on the boot CPU, edge-triggered, and unmasks it.
pub(super) fn unmask(input: u32) {
    assert!(input < IO_APIC_INPUTS, "the IO-APIC has no input {input}");
    write_io(0x10 + 2 * input + 1, 0); // destination: APIC id 0
    write_io(0x10 + 2 * input, u32::from(vector::FIRST_DEVICE) + input);
}

fn write_io(register: u32, value: u32) {
    let base = *IO.get().expect("the IO-APIC is mapped");
    // SAFETY: the IO-APIC's select and window registers.
    unsafe {
        (base as *mut u32).write_volatile(register);
        ((base + 0x10) as *mut u32).write_volatile(value);
    }
}
