//! A real fault, explained: `fixture/demo.c` was run on Linux until SIGSEGV, and `ptrace(2)` told its registers,
//! stack and mappings.

use super::*;
use crate::pack::tree::{Content, Node};
use std::path::Path;
use threadbare_link::{AddressClass, Module as Mapping};

const STACK: &[u8] = include_bytes!("fixture/stack.bin");
const PATH: &str = "/bin/demo.elf";
const BASE: u64 = 0x7fff_f7ff_d000;

/// From 16 bytes before `rip` on.
const CODE: [u8; 48] = [
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x31, 0xff, 0xe8, 0x2d, 0x00, 0x00, 0x00, 0xf4, 0x89,
    0x77, 0x08, 0xc3, 0x53, 0x48, 0x83, 0xec, 0x50, 0x48, 0x89, 0xf3, 0x8b, 0x06, 0x89, 0x44, 0x24, 0x0c,
    0x8b, 0x74, 0x24, 0x0c, 0x83, 0xc6, 0x2a, 0xe8, 0xe2, 0xff, 0xff, 0xff, 0x8b, 0x44,
];

fn crash() -> Crash<'static> {
    let mapping = |start, end, file_offset| Mapping {
        start,
        end,
        file_offset,
        path: PATH.as_bytes(),
    };
    Crash {
        signal: 11,
        code: 1,
        pid: 1,
        tid: 1,
        name: b"demo",
        vector: 14,
        error_code: 6,
        address: Some(8),
        class: Some(AddressClass::NullPage),
        registers: Registers {
            rax: 7,
            rbx: 0x7fff_ffff_e70c,
            rsi: 0x31,
            rsp: 0x7fff_ffff_e698,
            rip: BASE + 0x1d1,
            rflags: 0x1_0212,
            ..Registers::default()
        },
        code_address: BASE + 0x1c1,
        code_bytes: &CODE,
        modules: vec![
            mapping(BASE, BASE + 0x1000, 0),
            mapping(BASE + 0x1000, BASE + 0x2000, 0),
        ],
        stack_address: 0x7fff_ffff_e698,
        stack: STACK,
    }
}

fn tree() -> Tree {
    let host = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/crash/fixture/demo.elf");
    let length = host.metadata().unwrap().len();
    let mut tree = Tree::new();
    let content = Content::File { host, length };
    tree.insert(
        Path::new(PATH),
        Node {
            content,
            ..Node::bytes(0o755, b"")
        },
    );
    tree
}

#[test]
fn a_write_through_a_null_pointer_is_explained_from_top_to_bottom() {
    let expected = "\
demo (process 1, thread 1) was killed by SIGSEGV: an invalid memory access
  it tried to write to 0x8, a null pointer plus 0x8
  at 0x7ffff7ffd1d1 in poke at ./demo.c:10 (demo.elf+0x1d1)
instructions:
     0x7ffff7ffd1c5: add [rax], al
     0x7ffff7ffd1c7: add [rax], al
     0x7ffff7ffd1c9: xor edi, edi
     0x7ffff7ffd1cb: call 0x7ffff7ffd1fd
     0x7ffff7ffd1d0: hlt
  => 0x7ffff7ffd1d1: mov [rdi+8], esi
     0x7ffff7ffd1d4: ret
     0x7ffff7ffd1d5: push rbx
     0x7ffff7ffd1d6: sub rsp, 0x50
     0x7ffff7ffd1da: mov rbx, rsi
     0x7ffff7ffd1dd: mov eax, [rsi]
registers:
  rax 0000000000000007  rbx 00007fffffffe70c  rcx 0000000000000000  rdx 0000000000000000
  rsi 0000000000000031  rdi 0000000000000000  rbp 0000000000000000  rsp 00007fffffffe698
  r8  0000000000000000  r9  0000000000000000  r10 0000000000000000  r11 0000000000000000
  r12 0000000000000000  r13 0000000000000000  r14 0000000000000000  r15 0000000000000000
  rip 00007ffff7ffd1d1  rfl 0000000000010212  fs  0000000000000000  gs  0000000000000000
calls, the last first:
   0 poke at ./demo.c:10 (demo.elf+0x1d1)
   1 middle at ./demo.c:16 (demo.elf+0x1ee)
   2 start at ./demo.c:22 (demo.elf+0x212)
   3 _start+0x6 (demo.elf+0x1cf)
";
    let text = render(&crash(), &tree());
    assert!(text == expected, "{text}");
}

#[test]
fn a_program_whose_file_is_unknown_is_explained_without_names() {
    let text = render(&crash(), &Tree::new());
    assert!(
        text.contains("at 0x7ffff7ffd1d1, in no file that was packed"),
        "{text}"
    );
    assert!(text.contains("=> 0x7ffff7ffd1d1: mov [rdi+8], esi"), "{text}");
    assert!(text.contains(" 0 0x7ffff7ffd1d1"), "{text}");
}

#[test]
fn a_lost_stack_ends_the_chain() {
    let text = render(
        &Crash {
            stack: &STACK[..8],
            ..crash()
        },
        &tree(),
    );
    assert!(text.contains(" 1 middle at"), "{text}");
    assert!(!text.contains(" 2 "), "{text}");
    let text = render(
        &Crash {
            stack: &[],
            ..crash()
        },
        &tree(),
    );
    assert!(text.contains(" 0 poke at"), "{text}");
    assert!(!text.contains(" 1 middle"), "{text}");
}

#[test]
fn an_exception_without_an_address_is_named() {
    let text = render(
        &Crash {
            signal: 8,
            vector: 0,
            address: None,
            class: None,
            ..crash()
        },
        &tree(),
    );
    assert!(text.starts_with(
        "demo (process 1, thread 1) was killed by SIGFPE: an arithmetic error\n  #DE, divide error"
    ));
}

#[test]
fn an_address_that_is_none_is_told_though_the_processor_does_not_say_which() {
    // mov eax, [0x8000000000000000]
    let code = [0xa1, 0, 0, 0, 0, 0, 0, 0, 0x80];
    let fault = crash();
    let text = render(
        &Crash {
            vector: 13,
            error_code: 0,
            address: None,
            class: None,
            code_address: fault.registers.rip,
            code_bytes: &code,
            ..fault
        },
        &tree(),
    );
    assert!(
        text.contains("#GP, general protection: it used the non-canonical address 0x8000000000000000"),
        "{text}"
    );
}

#[test]
fn a_jump_to_nowhere_still_finds_its_caller() {
    // As after `call` of a null pointer: the return address is on top of the stack.
    let registers = Registers {
        rip: 0,
        ..crash().registers
    };
    let lost = Crash {
        registers,
        error_code: 0x14,
        address: Some(0),
        code_bytes: &[],
        ..crash()
    };
    let text = render(&lost, &tree());
    assert!(text.contains("it tried to execute 0x0, a null pointer"), "{text}");
    assert!(text.contains("middle at ./demo.c:16"), "{text}");
}

#[test]
fn names_from_the_machine_cannot_steer_a_terminal() {
    let text = render(
        &Crash {
            name: b"\x1b[31m",
            ..crash()
        },
        &tree(),
    );
    assert!(!text.contains('\x1b'), "{text}");
}
