//! The auxiliary vector (`getauxval(3)`): what the kernel tells a program at its start.

use super::loader::Loaded;
use crate::vfs::Credentials;
use alloc::vec::Vec;
use linux_raw_sys::auxvec as linux;
use threadbare_machine::memory::PAGE_SIZE;
use threadbare_machine::{cpu, user};

/// Addresses of strings that the vector points to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pointers {
    pub(super) random: usize,
    pub(super) platform: usize,
    pub(super) file_name: usize,
}

/// `HWCAP2_FSGSBASE`: programs may use RDFSBASE and its relatives.
const HWCAP2_FSGSBASE: u64 = 1 << 1;
/// Clock ticks a second in `times(2)` and `/proc`.
const CLOCK_TICKS: u64 = 100;
/// The least that `SIGSTKSZ` may be beside the vector state: siginfo, ucontext, return address, alignment, some room.
const SIGNAL_FRAME: u64 = 1024;

/// The vector as pairs of type and value, with its end.
pub(super) fn build(
    loaded: &Loaded,
    credentials: &Credentials,
    is_secure: bool,
    pointers: Pointers,
) -> Vec<(u64, u64)> {
    let features = cpu::features();
    let entries: [(u32, u64); 20] = [
        (linux::AT_HWCAP, u64::from(features.leaf1_edx)),
        (linux::AT_PAGESZ, PAGE_SIZE as u64),
        (linux::AT_CLKTCK, CLOCK_TICKS),
        (linux::AT_PHDR, loaded.program_headers as u64),
        (linux::AT_PHENT, threadbare_elf::ProgramHeaders::ENTRY_SIZE as u64),
        (linux::AT_PHNUM, u64::from(loaded.program_header_count)),
        (linux::AT_BASE, loaded.interpreter_base as u64),
        (linux::AT_FLAGS, 0),
        (linux::AT_ENTRY, loaded.program_entry as u64),
        (linux::AT_UID, u64::from(credentials.uid)),
        (linux::AT_EUID, u64::from(credentials.euid)),
        (linux::AT_GID, u64::from(credentials.gid)),
        (linux::AT_EGID, u64::from(credentials.egid)),
        (linux::AT_SECURE, u64::from(is_secure)),
        (linux::AT_RANDOM, pointers.random as u64),
        (
            linux::AT_HWCAP2,
            if features.fsgsbase { HWCAP2_FSGSBASE } else { 0 },
        ),
        (
            linux::AT_MINSIGSTKSZ,
            user::vector_state_size() as u64 + SIGNAL_FRAME,
        ),
        (linux::AT_EXECFN, pointers.file_name as u64),
        (linux::AT_SYSINFO_EHDR, loaded.vdso as u64),
        (linux::AT_PLATFORM, pointers.platform as u64),
    ];
    let entries = entries.into_iter().map(|(kind, value)| (u64::from(kind), value));
    entries.chain([(u64::from(linux::AT_NULL), 0)]).collect()
}
