//! The registers of a program that the kernel itself never uses: vector and floating-point state, FS and GS base.
//!
//! They stay in the CPU while the kernel works for the program, and change hands when tasks switch: saved for the
//! task that leaves, loaded for the one that comes, always both at once (no lazy loading, which leaks by
//! speculation: CVE-2018-3665).

use crate::cpu::features::features;
use crate::cpu::msr;
use alloc::alloc::{Layout, alloc_zeroed, dealloc};
use core::arch::asm;
use core::ptr::NonNull;
use crate::memory::OutOfMemory;
use crate::paging::USER_END;

/// The saved registers of a task whose program is not running.
#[derive(Debug)]
pub(crate) struct SavedRegisters {
    area: Area,
    fs_base: u64,
    gs_base: u64,
}

impl SavedRegisters {
    /// The state in which a program starts.
    pub(crate) fn new() -> Result<Self, OutOfMemory> {
        Ok(SavedRegisters { area: Area::new()?, fs_base: 0, gs_base: 0 })
    }

    /// Saves the CPU's registers here.
    ///
    /// # Safety
    /// 1. Ring 0, interrupts disabled, `control::enable_protections` has run.
    pub(crate) unsafe fn save(&mut self) {
        // SAFETY: (1).
        unsafe {
            self.area.save();
            self.fs_base = msr::read(msr::FS_BASE);
            self.gs_base = msr::read(msr::KERNEL_GS_BASE); // swapped out while the kernel runs
        }
    }

    /// Loads the CPU's registers from here.
    ///
    /// # Safety
    /// 1. As [`SavedRegisters::save`].
    pub(crate) unsafe fn load(&self) {
        // SAFETY: (1). The bases are user addresses: the setters and the CPU allow no others.
        unsafe {
            self.area.load();
            msr::write(msr::FS_BASE, self.fs_base);
            msr::write(msr::KERNEL_GS_BASE, self.gs_base);
        }
    }
}

/// Memory for XSAVE, or FXSAVE where the CPU has no XSAVE.
#[derive(Debug)]
struct Area {
    memory: NonNull<u8>,
    layout: Layout,
}

// SAFETY: the area is owned memory.
unsafe impl Send for Area {}
// SAFETY: shared references only read it.
unsafe impl Sync for Area {}

const FXSAVE_BYTES: usize = 512;

impl Area {
    fn new() -> Result<Area, OutOfMemory> {
        let bytes = if features().xsave {
            core::arch::x86_64::__cpuid_count(0xd, 0).ecx as usize // for all components that the CPU has
        } else {
            FXSAVE_BYTES
        };
        let layout = Layout::from_size_align(bytes.max(FXSAVE_BYTES + 64), 64).map_err(|_| OutOfMemory)?;
        // SAFETY: the size is not zero.
        let memory = NonNull::new(unsafe { alloc_zeroed(layout) }).ok_or(OutOfMemory)?;
        // An all-zero header means "initial state" to XRSTOR, but MXCSR and the x87 control word are taken from the
        // area by FXRSTOR, and MXCSR by XRSTOR too (SDM 1, 13.8.1): all exceptions masked.
        // SAFETY: inside the area: FCW at offset 0, MXCSR at 24.
        unsafe {
            memory.cast::<u16>().write(0x37f);
            memory.add(24).cast::<u32>().write(0x1f80);
        }
        Ok(Area { memory, layout })
    }

    /// # Safety
    /// 1. CR4.OSXSAVE matches the feature bit.
    unsafe fn save(&mut self) {
        let area = self.memory.as_ptr();
        // SAFETY: (1); the area is large enough for every component in XCR0, and aligned to 64.
        unsafe {
            match features() {
                f if f.xsaveopt => {
                    asm!("xsaveopt64 [{}]", in(reg) area, in("eax") u32::MAX, in("edx") u32::MAX, options(nostack));
                }
                f if f.xsave => {
                    asm!("xsave64 [{}]", in(reg) area, in("eax") u32::MAX, in("edx") u32::MAX, options(nostack));
                }
                _ => asm!("fxsave64 [{}]", in(reg) area, options(nostack)),
            }
        }
    }

    /// # Safety
    /// 1. As [`Area::save`].
    unsafe fn load(&self) {
        let area = self.memory.as_ptr();
        // SAFETY: (1); the area holds a state that `save` or `new` wrote, so no reserved bit is set.
        unsafe {
            if features().xsave {
                asm!("xrstor64 [{}]", in(reg) area, in("eax") u32::MAX, in("edx") u32::MAX, options(nostack));
            } else {
                asm!("fxrstor64 [{}]", in(reg) area, options(nostack));
            }
        }
    }
}

impl Drop for Area {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout.
        unsafe { dealloc(self.memory.as_ptr(), self.layout) }
    }
}

/// Enables all state components that the CPU has.
///
/// # Safety
/// 1. CR4.OSXSAVE is set if the CPU has XSAVE; called once per CPU.
#[cfg(target_os = "none")]
pub(crate) unsafe fn enable() {
    /// x87, SSE, AVX, the three of AVX-512. Others (MPX, PKRU, CET, AMX) stay off: nothing here manages them.
    const MANAGED: u64 = 0b1110_0111;
    if features().xsave {
        let components = features().xsave_components & MANAGED;
        // SAFETY: (1). Dependent components come together on every CPU.
        unsafe {
            asm!("xsetbv", in("ecx") 0, in("eax") components as u32, in("edx") (components >> 32) as u32, options(nostack));
        }
    }
}

/// Puts the current program's vector and floating-point registers and its FS and GS base into the state in which a
/// program starts, as `execve` does.
///
/// # Errors
/// No memory for the state.
pub fn reset_registers() -> Result<(), OutOfMemory> {
    let fresh = SavedRegisters::new()?;
    let _interrupts = crate::irq::disable();
    // SAFETY: ring 0 (elsewhere it faults), interrupts disabled.
    unsafe { fresh.load() };
    Ok(())
}

/// The FS base of the current program.
pub fn fs_base() -> u64 {
    // SAFETY: the MSR exists on every x86-64 CPU.
    unsafe { msr::read(msr::FS_BASE) }
}

/// Sets the FS base of the current program; `false` when `base` is not a user address.
pub fn set_fs_base(base: u64) -> bool {
    let valid = base < USER_END as u64;
    if valid {
        // SAFETY: a canonical address, and the kernel does not use FS.
        unsafe { msr::write(msr::FS_BASE, base) };
    }
    valid
}

/// The GS base of the current program.
pub fn gs_base() -> u64 {
    // SAFETY: as `fs_base`; the user's value is the swapped-out one.
    unsafe { msr::read(msr::KERNEL_GS_BASE) }
}

/// Sets the GS base of the current program; `false` when `base` is not a user address.
pub fn set_gs_base(base: u64) -> bool {
    let valid = base < USER_END as u64;
    if valid {
        // SAFETY: a canonical address, in the MSR that holds the user's value while the kernel runs.
        unsafe { msr::write(msr::KERNEL_GS_BASE, base) };
    }
    valid
}
