//! The fault of a program, told so that the other side can explain it.
//!
//! The kernel sends what only it knows (registers, memory, mappings) and leaves to the command, which has the files,
//! what needs symbols: disassembly, unwinding, names.

use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// A fatal exception in ring 3.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Crash<'a> {
    /// The signal that kills the process (Linux's number).
    pub signal: u8,
    /// `si_code` of that signal.
    pub code: i32,
    /// The process.
    pub pid: u32,
    /// The thread.
    pub tid: u32,
    /// The thread's name, as `prctl(PR_SET_NAME)` or `execve` left it.
    #[serde(borrow, with = "serde_bytes")]
    pub name: &'a [u8],
    /// The exception's vector.
    pub vector: u8,
    /// The error code that the CPU pushed; 0 where the vector has none.
    pub error_code: u64,
    /// The address that the instruction could not use (CR2 of a page fault), where there is one.
    pub address: Option<u64>,
    /// What there is at `address`.
    pub class: Option<AddressClass>,
    /// The registers at the faulting instruction.
    pub registers: Registers,
    /// Where [`code_bytes`](Self::code_bytes) begin: at or before `rip`.
    pub code_address: u64,
    /// Readable memory around `rip`; may be empty.
    #[serde(borrow, with = "serde_bytes")]
    pub code_bytes: &'a [u8],
    /// The process' file mappings, ascending.
    #[serde(borrow)]
    pub modules: Vec<Module<'a>>,
    /// Where [`stack`](Self::stack) begins, normally `rsp`.
    pub stack_address: u64,
    /// Readable memory from there on, up to 64 KiB; may be empty.
    #[serde(borrow, with = "serde_bytes")]
    pub stack: &'a [u8],
}

/// A mapping of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Module<'a> {
    /// The first address.
    pub start: u64,
    /// The first address after it.
    pub end: u64,
    /// The offset in the file of what is at `start`.
    pub file_offset: u64,
    /// The file's absolute path inside the machine.
    #[serde(borrow, with = "serde_bytes")]
    pub path: &'a [u8],
}

/// What there is at an address that a program could not use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum AddressClass {
    /// The first 64 KiB, where a null pointer plus an offset leads.
    NullPage,
    /// The gap below a stack: it overflowed.
    Guard,
    /// Nothing is mapped there.
    Unmapped,
    /// A mapping without any permission (`PROT_NONE`).
    NoAccess,
    /// A mapping that may not be written.
    ReadOnly,
    /// A mapping that may not be executed.
    NoExec,
    /// A file mapping, past the end of the file.
    BeyondFile,
    /// No address at all: bits 63 to 47 are not equal.
    NonCanonical,
    /// The kernel's half.
    Kernel,
}

/// The registers of a thread in ring 3, by their names.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the processor's own")]
pub struct Registers {
    pub rax: u64,
    pub rbx: u64,
    pub rcx: u64,
    pub rdx: u64,
    pub rsi: u64,
    pub rdi: u64,
    pub rbp: u64,
    pub rsp: u64,
    pub r8: u64,
    pub r9: u64,
    pub r10: u64,
    pub r11: u64,
    pub r12: u64,
    pub r13: u64,
    pub r14: u64,
    pub r15: u64,
    pub rip: u64,
    pub rflags: u64,
    pub fs_base: u64,
    pub gs_base: u64,
}
