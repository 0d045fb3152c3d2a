//! The PVH start info (`xen/include/public/arch-x86/hvm/start_info.h`): what the loader tells.

use crate::memory::{PhysAddr, direct};

const MAGIC: u32 = 0x336e_c578;
const USABLE: u32 = 1;

#[repr(C)]
struct StartInfo {
    magic: u32,
    version: u32,
    flags: u32,
    module_count: u32,
    modules: u64,
    command_line: u64,
    rsdp: u64,
    memory_map: u64,
    memory_map_entries: u32,
    reserved: u32,
}

#[repr(C)]
struct Module {
    address: u64,
    size: u64,
    command_line: u64,
    reserved: u64,
}

#[repr(C)]
struct MemoryMapEntry {
    address: u64,
    size: u64,
    kind: u32,
    reserved: u32,
}

/// What the loader told, in Rust's terms.
pub(super) struct Told {
    /// The initial RAM disk: start and length in bytes; (0, 0) where there is none.
    pub(super) initrd: (PhysAddr, usize),
    /// The command line, without its final NUL.
    pub(super) command_line: &'static [u8],
    entries: &'static [MemoryMapEntry],
}

impl Told {
    /// The ranges of ordinary memory, as (start, end).
    pub(super) fn usable(&self) -> impl Iterator<Item = (PhysAddr, PhysAddr)> + '_ {
        let usable = self
            .entries
            .iter()
            .filter(|entry| entry.kind == USABLE && entry.size > 0);
        usable.map(|entry| (PhysAddr(entry.address), PhysAddr(entry.address + entry.size)))
    }
}

/// Reads the start info at `address`.
///
/// # Safety
/// 1. `address` is what the loader passed, and the first 4 GiB are mapped at the direct map.
pub(super) unsafe fn read(address: PhysAddr) -> Told {
    // SAFETY: (1): the loader put a start info there; all its pointers are physical addresses below 4 GiB that
    // nobody writes to (invariant 1 of `boot` for what is kept).
    unsafe {
        let info = &*direct::<StartInfo>(address);
        assert!(info.magic == MAGIC, "the loader passed no PVH start info");
        assert!(
            info.version >= 1 && info.memory_map_entries > 0,
            "the start info has no memory map"
        );
        let initrd = match info.module_count {
            0 => (PhysAddr(0), 0),
            _ => {
                let module = &*direct::<Module>(PhysAddr(info.modules));
                (PhysAddr(module.address), module.size as usize)
            }
        };
        let command_line = match info.command_line {
            0 => &[][..],
            at => core::ffi::CStr::from_ptr(direct::<core::ffi::c_char>(PhysAddr(at))).to_bytes(),
        };
        let count = info.memory_map_entries as usize;
        let entries = core::slice::from_raw_parts(direct(PhysAddr(info.memory_map)), count);
        Told {
            initrd,
            command_line,
            entries,
        }
    }
}
