//! The PVH entry point and the way to long mode.
//!
//! State at entry (Xen's "PVH direct boot ABI", docs/misc/pvh.pandoc): CR0.PE set and CR0.PG clear, flat 32-bit code
//! and data segments, EBX = physical address of `hvm_start_info`, interrupts off; no stack.
//!
//! The code and data here are linked at their physical addresses. The page tables map the first 4 GiB, in which
//! loaders put what they load, with 2 MiB pages at two places, and the first at a third; they are in use only until
//! [`super::start`] has made better ones.

use core::arch::global_asm;

/// The stack of the boot code; abandoned when the first task starts. It has no guard.
#[repr(C, align(16))]
struct BootStack([u8; 16 * 1024]);

static mut BOOT_STACK: BootStack = BootStack([0; 16 * 1024]);

// Page-table bits: present, writable; PS makes a directory entry a 2 MiB page.
global_asm!(
    // The note by which the loader finds the entry: name "Xen", type 18, one 32-bit address.
    ".pushsection .note.Xen, \"a\", @note",
    ".align 4",
    ".long 4, 4, 18",
    ".asciz \"Xen\"",
    ".long __pvh_entry",
    ".popsection",

    ".pushsection .boot.text, \"ax\"",
    ".code32",
    ".global __pvh_entry",
    "__pvh_entry:",
    "    cld",
    "    mov esi, ebx",                        // the start info; ESI is the second argument register
    "    mov esp, offset __boot_stack_top",
    // CR4.PAE: long mode needs four-level tables (SDM 3A, 10.8.5).
    "    mov eax, cr4",
    "    or eax, 1 << 5",
    "    mov cr4, eax",
    "    mov eax, offset __boot_pml4",
    "    mov cr3, eax",
    // EFER: long mode enable (bit 8), no-execute enable (bit 11).
    "    mov ecx, 0xc0000080",
    "    rdmsr",
    "    or eax, (1 << 8) | (1 << 11)",
    "    wrmsr",
    // CR0.PG activates long mode; CR0.WP makes read-only mean it in ring 0 as well.
    "    mov eax, cr0",
    "    or eax, (1 << 31) | (1 << 16)",
    "    mov cr0, eax",
    // Still in 32-bit compatibility mode: a far return loads a 64-bit code segment.
    "    lgdt [__boot_gdt_pointer]",
    "    push 8",
    "    mov eax, offset __boot_long_mode",
    "    push eax",
    "    retf",
    ".code64",
    "__boot_long_mode:",
    "    mov eax, 16",
    "    mov ss, eax",
    "    mov ds, eax",
    "    mov es, eax",
    "    mov edi, esi",                        // first argument, zero-extended
    "    xor ebp, ebp",                        // the end of the frame-pointer chain
    "    movabs rsp, offset {stack} + {stack_bytes}", // a stack that the final page tables map too
    "    movabs rax, offset {start}",          // an address in the top 2 GiB
    "    push 0",                              // the end of the chain of return addresses; aligns the stack
    "    jmp rax",
    ".popsection",

    ".pushsection .boot.data, \"aw\"",
    ".align 4096",
    "__boot_pml4:",
    "    .quad __boot_pdpt + 3",               // identity
    "    .fill 255, 8, 0",
    "    .quad __boot_pdpt + 3",               // direct map, 0xffff_8000_0000_0000
    "    .fill 254, 8, 0",
    "    .quad __boot_pdpt_image + 3",         // the top 512 GiB
    "__boot_pdpt:",                           // 4 GiB: where loaders put the initial RAM disk
    "    .quad __boot_pd + 3, __boot_pd + 0x1003, __boot_pd + 0x2003, __boot_pd + 0x3003",
    "    .fill 508, 8, 0",
    "__boot_pdpt_image:",
    "    .fill 510, 8, 0",
    "    .quad __boot_pd + 3",                 // 0xffff_ffff_8000_0000
    "    .quad 0",
    "__boot_pd:",
    ".set page, 0",
    ".rept 4 * 512",
    "    .quad page + 0x83",
    "    .set page, page + 0x200000",
    ".endr",
    "__boot_gdt:",
    "    .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff",
    "__boot_gdt_pointer:",
    "    .word 23",
    "    .long __boot_gdt",
    ".popsection",

    ".pushsection .boot.bss, \"aw\", @nobits",
    ".align 16",
    "    .skip 64",                            // for one far return
    "__boot_stack_top:",
    ".popsection",
    start = sym super::start::start,
    stack = sym BOOT_STACK,
    stack_bytes = const size_of::<BootStack>(),
);
