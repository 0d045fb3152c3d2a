//! The interrupt descriptor table as it lies in memory (SDM 3A, 7.10 and 7.14.1).

use super::raw::{Net, catch, catch_one};
use super::see::{seen, seen_hex};
use crate::cpu::gdt::KERNEL_CODE;
use crate::cpu::idt::GateKind;
use crate::irq;
use crate::tests::Test;
use crate::trap::install::stub_address;
use crate::trap::vector;
use core::arch::{asm, naked_asm};

pub(crate) const TESTS: &[Test] = &[
    Test::new("claims::interrupts.idt", table),
    Test::new("claims::rust.gates", interrupt_flag),
];

const INTERRUPT_GATE: u8 = 0xe;
const TRAP_GATE: u8 = 0xf;

/// What LIDT loaded: the table's address and its size less one.
fn idtr() -> (u64, u16) {
    #[repr(C, packed)]
    struct Pointer {
        limit: u16,
        base: u64,
    }
    let mut pointer = Pointer { limit: 0, base: 0 };
    // SAFETY: stores ten bytes there.
    unsafe { asm!("sidt [{}]", in(reg) &raw mut pointer, options(nostack, preserves_flags)) };
    (pointer.base, pointer.limit)
}

/// The bytes of a gate.
struct Bytes([u8; 16]);

impl Bytes {
    fn of(vector: u8) -> Bytes {
        let (base, limit) = idtr();
        assert!(usize::from(limit) + 1 >= 16 * (usize::from(vector) + 1));
        // SAFETY: inside the table, which is only read; it is changed by tests alone, and not meanwhile.
        Bytes(unsafe { *(base as *const [u8; 16]).add(vector.into()) })
    }

    fn handler(&self) -> u64 {
        let b = &self.0;
        u64::from_le_bytes([b[0], b[1], b[6], b[7], b[8], b[9], b[10], b[11]])
    }

    fn selector(&self) -> u16 {
        u16::from_le_bytes([self.0[2], self.0[3]])
    }

    fn ist(&self) -> u8 {
        self.0[4] & 7
    }

    fn kind(&self) -> u8 {
        self.0[5] & 0xf
    }

    fn ring(&self) -> u8 {
        self.0[5] >> 5 & 3
    }

    fn present(&self) -> bool {
        self.0[5] & 0x80 != 0
    }
}

#[unsafe(naked)]
unsafe extern "sysv64" fn undefined(_first: u64, _second: u64) {
    naked_asm!("ud2")
}

/// Raises #UD, and first notes the bytes of its gate while that is the one that catches.
extern "sysv64" fn note_and_raise(bytes: u64, _second: u64) {
    // SAFETY: the caller's variable.
    unsafe { *(bytes as *mut Bytes) = Bytes::of(vector::INVALID_OPCODE) };
    // SAFETY: raises #UD, which is caught.
    unsafe { undefined(0, 0) }
}

fn table() {
    let (base, limit) = idtr();
    seen_hex("IDTR: address of the table", base);
    seen("IDTR: limit", limit);
    seen("gates of 16 bytes", (usize::from(limit) + 1) / 16);
    let mut bytes = Bytes([0; 16]);
    // SAFETY: raises #UD and holds nothing.
    let caught = unsafe { catch_one(vector::INVALID_OPCODE, note_and_raise, &raw mut bytes as u64, 0) };
    seen("bytes of gate 6 (#UD)", format_args!("{:02x?}", bytes.0));
    seen_hex("its handler, put together from three pieces", bytes.handler());
    seen_hex("its selector", bytes.selector().into());
    seen_hex("RIP of the first instruction after #UD", caught.entry);
    seen_hex("CS then", caught.cs);
    let gates = || (0..=255).map(Bytes::of);
    let of_kind = |kind| {
        gates()
            .filter(|gate| gate.present() && gate.kind() == kind)
            .count()
    };
    seen(
        "the kernel's own table: gates that are present",
        gates().filter(Bytes::present).count(),
    );
    seen("interrupt gates (type 14)", of_kind(INTERRUPT_GATE));
    seen("trap gates (type 15)", of_kind(TRAP_GATE));
    for number in (0..=255).filter(|number| Bytes::of(*number).ist() != 0) {
        seen(
            format_args!("IST of {}", vector::name(number)),
            Bytes::of(number).ist(),
        );
    }
    for number in (0..=255).filter(|number| Bytes::of(*number).ring() == 3) {
        seen("ring 3 may raise", vector::name(number));
    }
    assert_eq!(
        (bytes.handler(), u64::from(bytes.selector())),
        (caught.entry, caught.cs)
    );
    assert!(bytes.present() && bytes.kind() == INTERRUPT_GATE);
    assert_eq!(of_kind(INTERRUPT_GATE), 256);
    for number in 0..=255 {
        let gate = Bytes::of(number);
        assert_eq!(gate.selector(), KERNEL_CODE);
        assert!(gate.handler() == stub_address(number) as u64 || number >= vector::FIRST_INTERRUPT);
    }
}

#[unsafe(naked)]
unsafe extern "sysv64" fn raise_enabled(_first: u64, _second: u64) {
    naked_asm!("sti", "int 0x75")
}

/// A vector that nothing else uses, with the gate that the kernel gave it.
const SPARE: u8 = 0x75;

fn interrupt_flag() {
    const IF: u64 = 1 << 9;
    let flags = |kind| {
        // SAFETY: raises the vector and holds nothing.
        let caught = unsafe { catch(&[Net::of_kind(SPARE, 0, kind)], raise_enabled, 0, 0) };
        let caught = caught.expect("it is raised");
        (caught.frame().rflags, caught.rflags)
    };
    for (name, kind, stays) in [
        ("interrupt gate", GateKind::Interrupt, false),
        ("trap gate", GateKind::Trap, true),
    ] {
        let (before, inside) = flags(kind);
        seen(format_args!("{name}: IF before"), u8::from(before & IF != 0));
        seen(
            format_args!("{name}: IF in the handler"),
            u8::from(inside & IF != 0),
        );
        assert!(before & IF != 0);
        assert_eq!(inside & IF != 0, stays);
    }
    // The kernel's own gate for the same vector, and what its handler finds.
    irq::enable();
    // SAFETY: the trap is watched and returns.
    crate::tests::observe::watch(SPARE, || unsafe { asm!("int 0x75") });
    let inside = crate::tests::observe::flags_in_handler() as u64 & IF != 0;
    let behind = irq::enabled();
    seen("the kernel's own gate: IF in the handler", u8::from(inside));
    seen("IF after IRETQ", u8::from(behind));
    assert!(!inside && behind);
}

/// The IST index in a vector's gate.
pub(super) fn ist_of(vector: u8) -> u8 {
    Bytes::of(vector).ist()
}
