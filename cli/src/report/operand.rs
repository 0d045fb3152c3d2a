//! The addresses that an instruction uses, computed from the registers: the CPU does not tell the address of a
//! general protection fault.

use iced_x86::{Decoder, DecoderOptions, OpKind, Register};
use threadbare_link::{Crash, Registers};

/// The address that the faulting instruction uses and that is none: whose bits 63 to 47 are not all alike.
pub(super) fn non_canonical(crash: &Crash<'_>) -> Option<u64> {
    let offset = usize::try_from(crash.registers.rip.checked_sub(crash.code_address)?).ok()?;
    let code = crash.code_bytes.get(offset..)?;
    let instruction = Decoder::with_ip(64, code, crash.registers.rip, DecoderOptions::NONE).decode();
    let operands = (0..instruction.op_count())
        .filter(|&operand| instruction.op_kind(operand) == OpKind::Memory)
        .filter_map(|operand| {
            instruction.virtual_address(operand, 0, |register, _, _| value(&crash.registers, register))
        });
    let stack = instruction.is_stack_instruction().then_some(crash.registers.rsp);
    operands
        .chain(stack)
        .chain([crash.registers.rip])
        .find(|&address| !is_canonical(address))
}

fn is_canonical(address: u64) -> bool {
    matches!(address >> 47, 0 | 0x1_ffff)
}

/// The value of a register that an address can be made of; segments other than FS and GS begin at 0.
fn value(registers: &Registers, register: Register) -> Option<u64> {
    let narrow = if register.is_gpr32() {
        u64::from(u32::MAX)
    } else {
        u64::MAX
    };
    let value = match register.full_register() {
        Register::RAX => registers.rax,
        Register::RBX => registers.rbx,
        Register::RCX => registers.rcx,
        Register::RDX => registers.rdx,
        Register::RSI => registers.rsi,
        Register::RDI => registers.rdi,
        Register::RBP => registers.rbp,
        Register::RSP => registers.rsp,
        Register::R8 => registers.r8,
        Register::R9 => registers.r9,
        Register::R10 => registers.r10,
        Register::R11 => registers.r11,
        Register::R12 => registers.r12,
        Register::R13 => registers.r13,
        Register::R14 => registers.r14,
        Register::R15 => registers.r15,
        Register::FS => registers.fs_base,
        Register::GS => registers.gs_base,
        segment if segment.is_segment_register() => 0,
        _ => return None,
    };
    Some(value & narrow)
}

#[cfg(test)]
mod tests {
    use super::non_canonical;
    use threadbare_link::{Crash, Registers};

    fn crash(code: &[u8], registers: Registers) -> Crash<'_> {
        Crash {
            signal: 11,
            code: 128,
            pid: 1,
            tid: 1,
            name: b"test",
            vector: 13,
            error_code: 0,
            address: None,
            class: None,
            registers,
            code_address: registers.rip,
            code_bytes: code,
            modules: Vec::new(),
            stack_address: 0,
            stack: &[],
        }
    }

    #[test]
    fn an_address_is_computed_from_its_registers() {
        let registers = Registers {
            rip: 0x40_0000,
            rbx: 0x8000_0000_0000_0000,
            rcx: 2,
            ..Registers::default()
        };
        // mov eax, [rbx + rcx*4 + 8]
        let found = non_canonical(&crash(&[0x8b, 0x44, 0x8b, 0x08], registers));
        assert_eq!(found, Some(0x8000_0000_0000_0010));
        // hlt uses no address
        assert_eq!(non_canonical(&crash(&[0xf4], registers)), None);
    }

    #[test]
    fn an_address_in_the_instruction_itself_counts() {
        let registers = Registers {
            rip: 0x40_0000,
            ..Registers::default()
        };
        // mov eax, [0x8000000000000000]
        let code = [0xa1, 0, 0, 0, 0, 0, 0, 0, 0x80];
        assert_eq!(non_canonical(&crash(&code, registers)), Some(1 << 63));
    }
}
