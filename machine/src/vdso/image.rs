//! The vDSO itself: a whole ELF shared object, laid out by the assembler.
//!
//! ```text
//!   -0x1000  data page: see `super::Data`                [vvar]
//!    0       ELF header, program headers, dynamic section,
//!            symbols, names, versions, code               [vdso]
//! ```
//!
//! Its functions are leaves that use neither the stack nor a callee-saved register. What they cannot answer they pass on
//! as the system call. All symbols hang in one chain of the hash table: there are few.

use core::arch::global_asm;

global_asm!(
    r#"
    .pushsection .rodata.vdso, "a"
    .balign 16
__vdso_image_start:
.Lvdso:
    // Elf64_Ehdr
    .byte 0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0
    .short 3, 62                        // ET_DYN, EM_X86_64
    .long 1
    .quad 0                             // no entry
    .quad .Lvdso_programs - .Lvdso
    .quad 0                             // no sections
    .long 0
    .short 64, 56, 2, 0, 0, 0
.Lvdso_programs:
    .long 1, 5                          // PT_LOAD, readable and executable
    .quad 0, 0, 0
    .quad .Lvdso_end - .Lvdso, .Lvdso_end - .Lvdso, 0x1000
    .long 2, 4                          // PT_DYNAMIC
    .quad .Lvdso_dynamic - .Lvdso, .Lvdso_dynamic - .Lvdso, .Lvdso_dynamic - .Lvdso
    .quad .Lvdso_dynamic_end - .Lvdso_dynamic, .Lvdso_dynamic_end - .Lvdso_dynamic, 8
.Lvdso_dynamic:
    .quad 14, .Lvdso_name - .Lvdso_names        // DT_SONAME
    .quad 4, .Lvdso_hash - .Lvdso               // DT_HASH
    .quad 5, .Lvdso_names - .Lvdso              // DT_STRTAB
    .quad 6, .Lvdso_symbols - .Lvdso            // DT_SYMTAB
    .quad 10, .Lvdso_names_end - .Lvdso_names   // DT_STRSZ
    .quad 11, 24                                // DT_SYMENT
    .quad 0x6ffffff0, .Lvdso_versions - .Lvdso  // DT_VERSYM
    .quad 0x6ffffffc, .Lvdso_definitions - .Lvdso // DT_VERDEF
    .quad 0x6ffffffd, 2                         // DT_VERDEFNUM
    .quad 0, 0
.Lvdso_dynamic_end:

    .macro vdso_symbol name, function, binding
    .long .Lvdso_name_\name - .Lvdso_names
    .byte \binding << 4 | 2, 0          // STT_FUNC
    .short 1                            // defined here: there are no sections to name
    .quad .Lvdso_\function - .Lvdso, .Lvdso_\function\()_end - .Lvdso_\function
    .endm
.Lvdso_symbols:
    .quad 0, 0, 0
    vdso_symbol __vdso_clock_gettime, clock_gettime, 1
    vdso_symbol __vdso_gettimeofday, gettimeofday, 1
    vdso_symbol __vdso_time, time, 1
    vdso_symbol __vdso_getcpu, getcpu, 1
    vdso_symbol __vdso_clock_getres, clock_getres, 1
    vdso_symbol clock_gettime, clock_gettime, 2
    vdso_symbol gettimeofday, gettimeofday, 2
    vdso_symbol time, time, 2
    vdso_symbol getcpu, getcpu, 2
    vdso_symbol clock_getres, clock_getres, 2
.Lvdso_hash:
    .long 1, 11                         // one bucket, as many chain links as symbols
    .long 1
    .long 0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0
.Lvdso_versions:
    .short 0, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2
    .balign 8
.Lvdso_definitions:
    .short 1, 1, 1, 1                   // VER_FLG_BASE: the object itself
    .long 0xdeebfa1                     // the hash of its name; a test knows
    .long 20, 28
    .long .Lvdso_name - .Lvdso_names, 0
    .short 1, 0, 2, 1
    .long 0x3ae75f6                     // of LINUX_2.6
    .long 20, 0
    .long .Lvdso_version - .Lvdso_names, 0
.Lvdso_names:
    .byte 0
.Lvdso_name:
    .asciz "linux-vdso.so.1"
.Lvdso_version:
    .asciz "LINUX_2.6"
.Lvdso_name___vdso_clock_gettime:
    .ascii "__vdso_"
.Lvdso_name_clock_gettime:
    .asciz "clock_gettime"
.Lvdso_name___vdso_gettimeofday:
    .ascii "__vdso_"
.Lvdso_name_gettimeofday:
    .asciz "gettimeofday"
.Lvdso_name___vdso_time:
    .ascii "__vdso_"
.Lvdso_name_time:
    .asciz "time"
.Lvdso_name___vdso_getcpu:
    .ascii "__vdso_"
.Lvdso_name_getcpu:
    .asciz "getcpu"
.Lvdso_name___vdso_clock_getres:
    .ascii "__vdso_"
.Lvdso_name_clock_getres:
    .asciz "clock_getres"
.Lvdso_names_end:

    // Puts the nanoseconds since boot into RAX and the address of the data page into RCX. Uses RDX.
    .macro vdso_monotonic
    lea rcx, [rip + .Lvdso - 0x1000]
    lfence                              // not before what the program did before
    rdtsc
    shl rdx, 32
    or rax, rdx
    sub rax, [rcx]                      // ticks since boot
    mul qword ptr [rcx + 8]             // times nanoseconds per tick, times 2^32
    shrd rax, rdx, 32
    .endm

    // Divides the nanoseconds in RAX: seconds into RDX, the rest into R8. Uses RAX. The quotient by 10^9 is exact for all
    // 64-bit numbers (Granlund and Montgomery, Division by Invariant Integers using Multiplication).
    .macro vdso_seconds
    mov r8, rax
    shr rax, 9
    movabs rdx, 0x44b82fa09b5a53
    mul rdx
    shr rdx, 11
    imul rax, rdx, 1000000000
    sub r8, rax
    .endm

    .balign 16
.Lvdso_clock_gettime:                   // EDI = clock, RSI = struct timespec
    cmp edi, 31
    ja 8f
    mov eax, {known}
    bt eax, edi
    jnc 8f
    vdso_monotonic
    mov edx, {realtime}
    bt edx, edi
    jnc 2f
    add rax, [rcx + 16]
2:
    vdso_seconds
    mov [rsi], rdx
    mov [rsi + 8], r8
    xor eax, eax
    ret
8:
    mov eax, 228                        // __NR_clock_gettime: arguments are where it wants them
    syscall
    ret
.Lvdso_clock_gettime_end:

    .balign 16
.Lvdso_gettimeofday:                    // RDI = struct timeval or 0, RSI = struct timezone or 0
    test rdi, rdi
    jz 2f
    vdso_monotonic
    add rax, [rcx + 16]
    vdso_seconds
    mov [rdi], rdx
    imul r8, r8, 274877907              // by 1000: exact below 2^32
    shr r8, 38
    mov [rdi + 8], r8
2:
    xor eax, eax
    test rsi, rsi
    jz 3f
    mov [rsi], rax                      // no zone
3:
    ret
.Lvdso_gettimeofday_end:

    .balign 16
.Lvdso_time:                            // RDI = time_t or 0
    vdso_monotonic
    add rax, [rcx + 16]
    vdso_seconds
    mov rax, rdx
    test rdi, rdi
    jz 2f
    mov [rdi], rax
2:
    ret
.Lvdso_time_end:

    .balign 16
.Lvdso_getcpu:                          // RDI = unsigned or 0, RSI = unsigned or 0
    xor eax, eax                        // there is one CPU
    test rdi, rdi
    jz 2f
    mov [rdi], eax
2:
    test rsi, rsi
    jz 3f
    mov [rsi], eax
3:
    ret
.Lvdso_getcpu_end:

    .balign 16
.Lvdso_clock_getres:                    // EDI = clock, RSI = struct timespec or 0
    cmp edi, 31
    ja 8f
    mov eax, {fine}
    bt eax, edi
    jnc 8f
    xor eax, eax
    test rsi, rsi
    jz 2f
    mov [rsi], rax
    mov qword ptr [rsi + 8], 1
2:
    ret
8:
    mov eax, 229                        // __NR_clock_getres
    syscall
    ret
.Lvdso_clock_getres_end:
.Lvdso_end:
__vdso_image_end:
    .purgem vdso_symbol
    .purgem vdso_monotonic
    .purgem vdso_seconds
    .popsection
    "#,
    // CLOCK_REALTIME 0, _MONOTONIC 1, _MONOTONIC_RAW 4, _REALTIME_COARSE 5, _MONOTONIC_COARSE 6, _BOOTTIME 7, _TAI 11
    known = const 0b1000_1111_0011,
    realtime = const 0b1000_0010_0001,
    fine = const 0b1000_1001_0011,
);

unsafe extern "C" {
    static __vdso_image_start: u8;
    static __vdso_image_end: u8;
}

/// The bytes of the object.
pub fn image() -> &'static [u8] {
    let (start, end) = (&raw const __vdso_image_start, &raw const __vdso_image_end);
    // SAFETY: both lie in one section of constants, the second behind the first.
    unsafe { core::slice::from_raw_parts(start, end.offset_from_unsigned(start)) }
}
